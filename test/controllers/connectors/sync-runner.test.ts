import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { SyncRunner } from '../../../src/controllers/connectors/sync-runner.ts';
import { nextSyncAt, type SyncCause } from '../../../src/controllers/connectors/sync-schedule.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import { Directory } from '../../../src/directory/directory.ts';
import type { ScriptedReply, SeenRequest } from '../../asana/scripted-server.ts';
import { makePeople, startSmallAsana } from '../../directory/small-asana.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock } from '../sandbox-session.ts';

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;
const TEAM_INTERVAL_MS = 6 * HOUR_MS;
const regular: SyncCause = { generation: 1, requestedAt: null, secretVersion: '1' };
const requested: SyncCause = { ...regular, requestedAt: 'now' };

type Fault = (request: SeenRequest) => ScriptedReply | null;
const status = (code: number): ScriptedReply => ({ status: code, body: { errors: [{ message: 'x' }] } });
const isScim = ({ path }: SeenRequest) => path.includes('/scim/');
const teamFails: Fault = ({ query }) => (query.get('team') === '71' ? status(500) : null);
const allFails: Fault = () => status(500);

/** Returns a runner for a small Asana, and a function that syncs with the given fault. */
async function start(t: TestContext) {
  let fault: Fault = () => null;
  const { session, seen } = await startSmallAsana(t, {
    people: makePeople(5),
    teams: { '70': ['1'], '71': ['2'] },
    intercept: (request) => fault(request),
  });
  const clock = new MovableClock();
  const directory = new Directory(clock);
  const runner = new SyncRunner({
    clock,
    random: () => 0.5,
    log: silentLogger,
    see: () => {},
    take: (snapshot) => directory.adopt(snapshot),
    onChange: () => {},
  });
  /** Runs a sync; returns whether it read team memberships. */
  const sync = async (cause: SyncCause, during: Fault = () => null): Promise<boolean> => {
    const before = seen.length;
    fault = during;
    runner.start({
      asana: session,
      spec: connectorObject().spec,
      cause,
      answering: false,
      readsTeams: false,
      intervals: { intervalMs: HOUR_MS, teamIntervalMs: TEAM_INTERVAL_MS },
      previous: directory.current(),
      restKnown: true,
      acceptedShortfall: null,
      onEnd: () => {},
    });
    await runner.untilIdle(never);
    return seen.slice(before).some(({ path }) => path.endsWith('/team_memberships'));
  };
  return { clock, directory, runner, sync };
}

suite('the teams', () => {
  test('are read at their own interval, and not at the syncs between', async (t) => {
    const { clock, sync } = await start(t);
    const reads = [await sync(regular)];
    for (let hour = 1; hour <= 6; hour += 1) {
      clock.moveOn(HOUR_MS);
      reads.push(await sync(regular));
    }
    assert.deepEqual(reads, [true, false, false, false, false, false, true]);
  });

  for (const { fault, outcome, because } of [
    { fault: teamFails, outcome: 'Incomplete', because: 'one of them could not be read' },
    { fault: allFails, outcome: 'Unavailable', because: 'the whole sync failed' },
  ]) {
    test(`of a requested sync are read again at the next sync for the same request if ${because}`, async (t) => {
      const { clock, directory, runner, sync } = await start(t);
      await sync(regular);
      clock.moveOn(HOUR_MS);
      await sync(requested, fault);
      assert.equal(runner.finished?.outcome, outcome);
      clock.moveOn(60_000);
      assert.equal(await sync(requested), true, 'due after a minute');
      assert.deepEqual(
        [runner.finished?.outcome, directory.current()?.parts.teams?.complete],
        ['Complete', true],
      );
      clock.moveOn(60_000);
      assert.equal(await sync(requested), false, 'no longer due after a complete read');
    });
  }

  test('stay due after an incomplete read and a sync that failed as a whole', async (t) => {
    const { clock, runner, sync } = await start(t);
    await sync(regular);
    clock.moveOn(HOUR_MS);
    for (const fault of [teamFails, allFails]) {
      await sync(requested, fault);
      clock.moveOn(60_000);
    }
    assert.equal(runner.report?.result, null);
    assert.ok((runner.report?.requests ?? 0) > 0, 'the requests of a failed sync are counted');
    assert.equal(await sync(requested), true);
    assert.equal(runner.finished?.outcome, 'Complete');
  });
});

suite('a sync with an error of SCIM', () => {
  for (const { fault, outcome, waitsMs, because } of [
    {
      fault: (request: SeenRequest) => (isScim(request) ? status(401) : null),
      outcome: 'Impaired',
      waitsMs: HOUR_MS,
      because: 'SCIM refuses the token, which a person must fix',
    },
    {
      fault: (request: SeenRequest) => (isScim(request) ? status(403) : null),
      outcome: 'Impaired',
      waitsMs: HOUR_MS,
      because: 'SCIM is forbidden, which a person must fix',
    },
    {
      fault: (request: SeenRequest) => (isScim(request) ? status(500) : null),
      outcome: 'Incomplete',
      waitsMs: 11_000,
      because: 'SCIM is temporarily unavailable',
    },
    {
      fault: (request: SeenRequest) => (isScim(request) ? status(401) : teamFails(request)),
      outcome: 'Incomplete',
      waitsMs: 11_000,
      because: 'SCIM refuses the token, and a team cannot be read either',
    },
  ]) {
    test(`is ${outcome}, and the next one is due after ${waitsMs / 1000} s, if ${because}`, async (t) => {
      const { runner, sync } = await start(t);
      await sync(regular, fault);
      const { finished } = runner;
      assert.ok(finished);
      assert.equal(finished.outcome, outcome);
      const next = nextSyncAt(finished, regular, HOUR_MS, finished.finishedAt) ?? Number.NaN;
      const from = outcome === 'Impaired' ? finished.begunAt : finished.finishedAt;
      assert.equal(next - from, waitsMs);
    });
  }
});
