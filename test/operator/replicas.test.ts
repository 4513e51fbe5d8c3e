import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { LEASE_NAME } from '../../src/kubernetes/leader-election.ts';
import { Replica } from './replica.ts';
import { OperatorRig, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const alice = 'alice@acme.example';

/** The fields of the lease that are read here. */
interface Lease {
  readonly spec: { readonly holderIdentity?: string };
}

/** Lets a leader keep its lease while it waits for a processor on a busy machine. */
const PATIENT = [
  ['--leader-election-lease-duration', '5s'],
  ['--leader-election-renew-deadline', '4s'],
  ['--action-timeout', '60s'],
].flat();

suite('two replicas in service mode', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  const replicas: Replica[] = [];
  before(async () => {
    rig = await OperatorRig.start('replicas', {
      conductorOneSettings: { nextPollMs: 100, nextHeartbeatMs: 500, leaseMs: 6_000 },
    });
    await rig.stopOperator();
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({ conductorOne: { secretRef: { name: 'token' }, provision: true } });
    replicas.push(new Replica(rig, PATIENT), new Replica(rig, PATIENT));
    await rig.untilPhase('Connected');
  });
  after(async () => {
    await Promise.all(replicas.map((replica) => replica.end('SIGTERM')));
    await rig.close();
  });

  test('connect to ConductorOne as a single host, that of the leader', async ({ signal }) => {
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
    const hosts = rig.sandbox.conductorOne.instances.list().map(({ instance }) => instance.hostId);
    const lease = await rig.client.getLease<Lease>(rig.namespace, LEASE_NAME, signal);
    assert.deepEqual(hosts, [lease?.spec.holderIdentity]);
  });

  test('finish a task on the other replica if the leader is killed during the task', async () => {
    // Nothing is answered until the leader is dead, so it cannot have finished, however slow this machine is.
    rig.sandbox.faults.add({ match: { times: 0 }, effect: { delayMs: 600_000 } });
    const id = await tenant.order({ type: 'grant', entitlement: 'enterprise', user: alice });
    await rig.until('the leader has the task', async () => (await tenant.task(id)).leasedTo.length === 1);
    const [leader = ''] = (await tenant.task(id)).leasedTo;
    const identities = await Promise.all(replicas.map(({ identity }) => identity));
    await replicas[identities.indexOf(leader)]?.end('SIGKILL');
    rig.sandbox.faults.clear();
    assert.deepEqual(await tenant.untilEnded(id), { code: 'OK', message: '' });
    const { leasedTo } = await tenant.task(id);
    assert.deepEqual(leasedTo, [leader, identities.find((identity) => identity !== leader)]);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });
});
