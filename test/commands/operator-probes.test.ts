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
    { dead: [], because: 'everything is healthy' },
    { election: null, dead: [], because: 'there is no leader election' },
    { state: { synced: false }, dead: [], because: 'the initial lists have not been read yet' },
    {
      state: { silentMs: 300_001 },
      dead: ['watches: no watch message for AsanaTeamGrant for 300 s'],
      because: 'one of several watches is silent',
    },
    {
      state: { seconds: 601 },
      dead: ['workers: a reconcile has been running for 601 s'],
      because: 'a reconcile hangs',
    },
    {
      election: { isOverdue: true },
      dead: ['leaderElection: the lease is not renewed'],
      because: 'the lease of the leader is overdue',
    },
  ];
  for (const { state, election = inTime, dead, because } of cases) {
    test(`for liveness reports ${dead.length > 0 ? dead.join() : 'no problem'} if ${because}`, () => {
      const operator = operatorWith({ ...healthy, ...state });
      assert.deepEqual(problemsOf(livenessChecks(operator, election)), dead);
    });
  }

  test('for readiness reports a problem until the initial lists have been read', () => {
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

/** Makes a process write the port of each server to standard error as soon as it listens. */
const REPORTS_PORTS = `--import=data:text/javascript,${encodeURIComponent(`
  import { Server } from 'node:net';
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...to) {
    this.once('listening', () => console.error('listens on port', this.address().port));
    return listen.apply(this, to);
  };
`)}`;

suite('the process of the operator', () => {
  test('is live but not ready while it cannot read its lists, and answers no probe if its event loop is blocked', async (t) => {
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
    ['is invalid', ['--health-bind-address', '8081x'], '--health-bind-address'],
    ['is in use', [], 'EADDRINUSE'],
  ] as const)
    test(`exits with code 1 if the probe address ${what}, although the metrics server listens`, async (t) => {
      const folder = await Folder.forTest(FROM_SOURCE, t);
      const taken = createServer();
      t.after(() => taken.close());
      taken.listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const { port } = taken.address() as AddressInfo;
      const metricsPort = await freePort();
      const variables = { KUBECONFIG: await kubeconfigForNobody(folder), NODE_OPTIONS: REPORTS_PORTS };
      const operator = new Child(folder, variables, [
        'operator',
        '--no-leader-elect',
        '--metrics-bind-address',
        `127.0.0.1:${metricsPort}`,
        ...(flags.length > 0 ? flags : ['--health-bind-address', `127.0.0.1:${port}`]),
      ]);
      const { code, stderr } = await operator.end();
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(says));
      assert.match(stderr, new RegExp(`^listens on port ${metricsPort}$`, 'm'));
    });
});
