import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { livenessChecks, type ProbedElection, readinessChecks } from '../../src/commands/operator/probes.ts';
import type { Check } from '../../src/telemetry/servers.ts';
import { Child, Folder, FROM_SOURCE, freePort } from './child.ts';

const healthy = { synced: true, silentMs: 60_000, seconds: 299 };

/** Returns the parts of an operator that its probes read. */
function operatorWith({ synced, silentMs, seconds }: typeof healthy) {
  return {
    synced,
    contacts: () => [
      { kind: 'AsanaConnector', silentMs: 0 },
      { kind: 'AsanaTeamGrant', silentMs },
    ],
    longestRunningSeconds: () => seconds,
  };
}

function problemsOf(checks: readonly Check[]): string[] {
  return checks.flatMap(({ name, check }) => {
    const problem = check();
    return problem === null ? [] : [`${name}: ${problem}`];
  });
}

suite('a probe of the operator', () => {
  const inTime: ProbedElection = { isOverdue: false };
  const cases: {
    state?: Partial<typeof healthy>;
    election?: ProbedElection | null;
    dead: string[];
    because: string;
  }[] = [
    { dead: [], because: 'all is well' },
    { election: null, dead: [], because: 'nobody is elected' },
    { state: { synced: false }, dead: [], because: 'a restart would not read the lists any sooner' },
    {
      state: { silentMs: 300_001 },
      dead: ['watches: no watch message for AsanaTeamGrant for 300 s'],
      because: 'one watch of several is dead',
    },
    {
      state: { seconds: 601 },
      dead: ['workers: a reconcile has been running for 601 s'],
      because: 'a reconcile hangs, whatever the others do',
    },
    {
      election: { isOverdue: true },
      dead: ['leaderElection: the lease is not renewed'],
      because: 'it led, and cannot renew',
    },
  ];
  for (const { state, election = inTime, dead, because } of cases) {
    test(`finds ${dead.length > 0 ? dead.join() : 'it alive'}: ${because}`, () => {
      const operator = operatorWith({ ...healthy, ...state });
      assert.deepEqual(problemsOf(livenessChecks(operator, election)), dead);
    });
  }

  test('finds it ready once the first lists are read, and not before', () => {
    assert.deepEqual(problemsOf(readinessChecks(operatorWith(healthy))), []);
    const operator = operatorWith({ ...healthy, synced: false });
    assert.deepEqual(problemsOf(readinessChecks(operator)), [
      'caches: the initial lists have not been read yet',
    ]);
  });
});

/** Writes a kubeconfig for an API server that does not exist. */
async function kubeconfigForNobody(folder: Folder): Promise<string> {
  const path = join(folder.path, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    clusters: [{ name: 'x', cluster: { server: `https://127.0.0.1:${await freePort()}` } }],
    users: [{ name: 'x', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

/** Makes a process loop forever once it receives SIGUSR2. */
const STUCK_ON_SIGNAL = '--import=data:text/javascript,process.on(`SIGUSR2`,()=>{for(;;);})';

suite('the process of the operator', () => {
  test('is alive and not ready while it cannot read its lists, and answers no probe once its event loop stands still', async (t) => {
    const folder = await Folder.forTest(FROM_SOURCE, t);
    const health = `127.0.0.1:${await freePort()}`;
    const flags = ['--no-leader-elect', '--metrics-bind-address', '0', '--health-bind-address', health];
    const variables = { KUBECONFIG: await kubeconfigForNobody(folder), NODE_OPTIONS: STUCK_ON_SIGNAL };
    const operator = new Child(folder, variables, ['operator', ...flags]);
    /** Returns the status and text of a probe; `null` without an answer in time. */
    const probe = async (path: string) => {
      try {
        const answer = await fetch(`http://${health}${path}`, { signal: AbortSignal.timeout(1_000) });
        return { status: answer.status, text: await answer.text() };
      } catch {
        return null;
      }
    };
    try {
      assert.deepEqual(await operator.until('answer', () => probe('/livez')), { status: 200, text: 'ok\n' });
      assert.deepEqual(await probe('/readyz'), {
        status: 503,
        text: '[-]caches failed: the initial lists have not been read yet\nnot ok\n',
      });
      operator.kill('SIGUSR2');
      await operator.until('stuck loop', async () => ((await probe('/livez')) === null ? true : null));
      assert.equal(await probe('/livez'), null);
    } finally {
      operator.kill('SIGKILL');
    }
    await operator.end();
  });

  for (const [what, flags, says] of [
    ['has no host', ['--health-bind-address', '8081x'], '--health-bind-address'],
    ['is taken', [], 'EADDRINUSE'],
  ] as const)
    test(`ends when the address of the probes ${what}, although that of the metrics listens`, async (t) => {
      const folder = await Folder.forTest(FROM_SOURCE, t);
      const taken = createServer();
      t.after(() => taken.close());
      taken.listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const operator = new Child(folder, { KUBECONFIG: await kubeconfigForNobody(folder) }, [
        'operator',
        '--no-leader-elect',
        '--metrics-bind-address',
        `127.0.0.1:${await freePort()}`,
        ...(flags.length > 0 ? flags : ['--health-bind-address', `127.0.0.1:${port}`]),
      ]);
      const { code, stderr } = await operator.end();
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(says));
    });
});
