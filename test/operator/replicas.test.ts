import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { OperatorRig, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const alice = 'alice@acme.example';

/** One replica of the operator, as a process of its own. */
class Replica {
  readonly #child: ChildProcess;
  /** As it names itself in its log, in leases and to ConductorOne. */
  readonly identity: Promise<string>;

  constructor(rig: OperatorRig) {
    const { namespace, kubeconfigPath, sandbox } = rig;
    const flags = [
      ['--namespace', namespace],
      ['--asana-api-url', sandbox.asanaUrl],
      ['--asana-requests-per-minute', '0'],
      ['--allowed-conductorone-hosts', 'localhost'],
      ['--leader-election-namespace', namespace],
      ['--leader-election-lease-duration', '3s'],
      ['--leader-election-renew-deadline', '2s'],
      ['--leader-election-retry-period', '500ms'],
      ['--action-timeout', '5s'],
      ['--metrics-bind-address', '0'],
      ['--health-bind-address', '0'],
    ].flat();
    this.#child = spawn(process.execPath, [MAIN, 'operator', ...flags], {
      env: { ...process.env, KUBECONFIG: kubeconfigPath, SSL_CERT_FILE: sandbox.conductorOne.caFile },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = createInterface({ input: this.#child.stderr as NodeJS.ReadableStream });
    this.identity = new Promise((resolve) => {
      lines.on('line', (line) => {
        rig.logs.push(line);
        const { message, identity } = JSON.parse(line) as { message: string; identity?: string };
        if (message === 'starting' && identity !== undefined) resolve(identity);
      });
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}

suite('two replicas in service mode', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  const replicas: Replica[] = [];
  before(async () => {
    rig = await OperatorRig.start('replicas', {
      conductorOneSettings: { nextPollMs: 100, nextHeartbeatMs: 500, leaseMs: 4_000 },
    });
    await rig.stopOperator();
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({ conductorOne: { secretRef: { name: 'token' }, provision: true } });
    replicas.push(new Replica(rig), new Replica(rig));
    await rig.untilPhase('Connected');
  });
  after(async () => {
    await Promise.all(replicas.map((replica) => replica.end('SIGTERM')));
    await rig.close();
  });

  test('connect once: only the one that leads asks for tasks', async () => {
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
    const hosts = rig.sandbox.conductorOne.instances.list().map(({ instance }) => instance.hostId);
    const known = await Promise.all(replicas.map(({ identity }) => identity));
    assert.equal(hosts.length, 1);
    assert.ok(known.includes(hosts[0] ?? ''));
  });

  test('finish a task once, although the leader is killed in the middle of it', async () => {
    await rig.setAsana({ latencyMs: 2_000 });
    const id = await tenant.order({ type: 'grant', entitlement: 'enterprise', user: alice });
    await rig.until('the leader works on it', async () => (await tenant.task(id)).leasedTo.length === 1);
    const [leader = ''] = (await tenant.task(id)).leasedTo;
    const identities = await Promise.all(replicas.map(({ identity }) => identity));
    await replicas[identities.indexOf(leader)]?.end('SIGKILL');
    await rig.setAsana({ latencyMs: 0 });
    assert.deepEqual(await tenant.untilEnded(id), { code: 'OK', message: '' });
    const { leasedTo } = await tenant.task(id);
    assert.deepEqual(leasedTo, [leader, identities.find((identity) => identity !== leader)]);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });
});
