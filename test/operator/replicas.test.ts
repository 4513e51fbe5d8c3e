import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Replica } from './replica.ts';
import { OperatorRig, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const alice = 'alice@acme.example';

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
