import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { freePort } from '../../commands/child.ts';
import { stream } from '../../simulation/random.ts';
import { Arena } from './arena.ts';
import { Rounds } from './rounds.ts';
import { steps } from './steps.ts';

/** More than two processes may be needed: on a slow machine, one may lose its lease by itself. */
const PORTS = 8;

suite('two real processes of the operator', () => {
  let arena: Arena;
  let rounds: Rounds;
  let ports: readonly number[];
  before(async () => {
    ports = await Promise.all(Array.from({ length: PORTS }, freePort));
    const optionsOf = (number: number) => ({
      flags: ['--health-bind-address', `127.0.0.1:${ports[number % PORTS]}`],
    });
    arena = await Arena.open('kills-test', { optionsOf });
    rounds = new Rounds(arena, stream(1, 'kills'));
  });
  after(() => arena.close());

  /** Returns what the liveness probes of the running processes answer; empty text for one that does not answer. */
  const probes = () =>
    Promise.all(
      arena.running.map(async (replica) => {
        const url = `http://127.0.0.1:${ports[arena.ever.indexOf(replica) % PORTS]}/livez`;
        return fetch(url).then(
          (answer) => answer.text(),
          () => '',
        );
      }),
    );

  test('create an account once, even if the leader is killed before it receives the answer', async () => {
    const step = steps.find(({ moment, arrives }) => moment === 'Change' && arrives);
    assert.ok(step);
    assert.deepEqual((await rounds.atStep(step, 'CreateAccount')).findings, []);
  });

  test('fail the liveness probe if the leader cannot renew its lease', async () => {
    await arena.leader();
    await arena.until('both are alive', async () => (await probes()).every((text) => text === 'ok\n'));
    arena.strike = (side) => (side === 'kubernetes' ? { kind: 'silence' } : null);
    await arena.until('a probe fails', async () =>
      (await probes()).some((text) => /leaderElection/.test(text)),
    );
    arena.strike = () => null;
    // Do not wait for requests that hang at the API server.
    await Promise.all(arena.running.map(({ process }) => process.end('SIGKILL')));
  });
});
