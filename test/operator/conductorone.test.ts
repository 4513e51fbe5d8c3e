import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

const serviceMode = { conductorOne: { secretRef: { name: 'token' }, provision: true } };

suite('a connector in service mode', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  before(async () => {
    rig = await OperatorRig.start('service-mode', {
      conductorOneSettings: { nextPollMs: 50, nextHeartbeatMs: 1_000 },
    });
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({
      ...serviceMode,
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: { allowDeprovision: false },
    });
  });
  after(() => rig.close());

  test('reports the connection in its status and in an event', async () => {
    await rig.untilPhase('Connected');
    // The directory may be read before ConductorOne has answered.
    await rig.until(
      'ConductorOne has answered',
      async () => conditionOf(await rig.connector(), 'ConductorOneConnected')?.reason === 'Connected',
    );
    assert.ok((await rig.connector())?.status?.conductorOne?.connectedAt);
    await rig.until('the event ConductorOneConnected is recorded', async () =>
      (await rig.events()).some(({ reason }) => reason === 'ConductorOneConnected'),
    );
  });

  test('shows the phase Syncing before Connected', async () => {
    await rig.until('the phase is Connected', () => Promise.resolve(rig.phasesShown.includes('Connected')));
    const [syncing, connected] = ['Syncing', 'Connected'].map((phase) => rig.phasesShown.indexOf(phase));
    assert.ok(syncing !== -1 && Number(syncing) < Number(connected), rig.phasesShown.join());
  });

  test('uploads its reading when ConductorOne requests a sync, without reading Asana again', async () => {
    const before = rig.sandbox.requests.last;
    const { code, message } = await tenant.carryOut({ type: 'syncFull' });
    assert.equal(code, 'OK', message);
    assert.equal(rig.sandbox.requests.last, before, 'the snapshot was younger than ten minutes');
    const { uploads } = await tenant.uploads();
    assert.equal(uploads.length, 1);
    assert.ok((await tenant.grantsOf(alice)).some((id) => id.startsWith('view only:')));
    await rig.until('the status shows the upload', async () => {
      const status = (await rig.connector())?.status?.conductorOne;
      return status?.lastUploadAt !== undefined && status.lastUploadBytes === uploads[0]?.bytes;
    });
  });

  test('carries out a request for an enterprise license only once', async () => {
    const grant = { type: 'grant', entitlement: 'enterprise', user: alice };
    assert.equal((await tenant.carryOut(grant)).code, 'OK');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    const writes = rig.writesInAsana().length;
    assert.equal((await tenant.carryOut(grant)).code, 'OK', 'a repeated task succeeds');
    assert.equal(rig.writesInAsana().length, writes);
    const lines = rig.audit.map((line) => JSON.parse(line) as { requester: { type: string } });
    assert.equal(lines.filter(({ requester }) => requester.type === 'Task').length, 1);
  });

  test('includes the change of a task in the next upload', async () => {
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
    assert.ok((await tenant.grantsOf(alice)).some((id) => id.startsWith('enterprise:')));
  });

  test('revokes enterprise to view-only, and does not revoke view-only without allowDeprovision', async () => {
    assert.equal(
      (await tenant.carryOut({ type: 'revoke', entitlement: 'enterprise', user: alice })).code,
      'OK',
    );
    assert.equal(await rig.licenseInAsana(alice), 'view only');
    await tenant.carryOut({ type: 'syncFull' });
    const refused = await tenant.carryOut({ type: 'revoke', entitlement: 'view only', user: alice });
    assert.equal(refused.code, 'FailedPrecondition');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
  });

  test('rejects a task that contradicts a declared grant, and names the grant', async () => {
    await rig.createGrant('carol', carol);
    await rig.untilReason('carol', 'Granted');
    await tenant.carryOut({ type: 'syncFull' });
    const refused = await tenant.carryOut({ type: 'revoke', entitlement: 'enterprise', user: carol });
    assert.equal(refused.code, 'FailedPrecondition');
    assert.ok(refused.message.includes(`AsanaLicenseGrant ${rig.namespace}/carol`), refused.message);
    assert.equal(await rig.licenseInAsana(carol), 'enterprise');
  });

  test('creates an account with a view-only license', async () => {
    const created = await tenant.carryOut({ type: 'createAccount', email: 'grace.new@acme.example' });
    assert.equal(created.code, 'OK', created.message);
    assert.equal(await rig.licenseInAsana('grace.new@acme.example'), 'view only');
  });

  test('sends Hello again when ConductorOne requests it', async () => {
    const hellos = () => rig.sandbox.conductorOne.instances.list().map(({ instance }) => instance.hellos);
    const [before = 0] = hellos();
    assert.equal((await tenant.carryOut({ type: 'hello' })).code, 'OK');
    assert.deepEqual(hellos(), [before + 1]);
  });

  test('gives up a sync that ConductorOne cancels, and ends it with Canceled', async () => {
    await tenant.addFault({ match: { call: 'UploadAsset' }, effect: { delayMs: 20_000 } });
    const id = await tenant.order({ type: 'syncFull' });
    // A sync that is found cancelled at its first heartbeat is dropped silently, so it must have begun.
    await rig.until('the sync is under way', async () => (await tenant.task(id)).heartbeats === 1);
    await tenant.cancel(id);
    assert.equal((await tenant.untilEnded(id)).code, 'Canceled');
  });

  test('reconnects after the connection is cut, and carries out the next task', async () => {
    rig.sandbox.conductorOne.cut();
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
  });

  test('takes no task while it is suspended, and carries it out once it is resumed', async () => {
    await rig.patchConnector({ spec: { suspend: true } });
    await rig.untilPhase('Suspended');
    const id = await tenant.order({ type: 'syncFull' });
    // The operator is working, and would poll every 50 ms if it were connected.
    await rig.createGrant('suspended', bob);
    await rig.untilReason('suspended', 'Suspended');
    await rig.deleteGrant('suspended');
    assert.equal((await tenant.task(id)).leasedTo.length, 0);
    await rig.patchConnector({ spec: { suspend: false } });
    assert.equal((await tenant.untilEnded(id)).code, 'OK');
  });

  test('stays Ready when ConductorOne rejects the credentials, and reconnects after a sync request', async () => {
    await tenant.set({ credentialsValid: false });
    await rig.until(
      'the condition shows CredentialsRejected',
      async () =>
        conditionOf(await rig.connector(), 'ConductorOneConnected')?.reason === 'CredentialsRejected',
    );
    const connector = await rig.untilPhase('Degraded');
    assert.equal(conditionOf(connector, 'Ready')?.status, 'True');
    await rig.createGrant('bob', bob);
    await rig.untilReason('bob', 'Granted');
    await tenant.set({ credentialsValid: true });
    await rig.sync();
    await rig.until(
      'it is connected again',
      async () => conditionOf(await rig.connector(), 'ConductorOneConnected')?.reason === 'Connected',
    );
  });
});

suite('rotated ConductorOne credentials', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  before(async () => {
    rig = await OperatorRig.start('service-rotation', { conductorOneSettings: { nextPollMs: 50 } });
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector(serviceMode);
    await rig.untilPhase('Connected');
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
  });
  after(() => rig.close());

  test('are used after they are stored in the Secret and a sync is requested', async () => {
    const reason = async () => conditionOf(await rig.connector(), 'ConductorOneConnected')?.reason;
    rig.sandbox.conductorOne.rotateCredentials();
    await rig.until('old credentials are rejected', async () => (await reason()) === 'CredentialsRejected');
    const { clientId, clientSecret } = rig.sandbox.conductorOne;
    await rig.patchSecret({ BATON_CLIENT_ID: clientId, BATON_CLIENT_SECRET: clientSecret });
    await rig.sync();
    await rig.until('new credentials are accepted', async () => (await reason()) === 'Connected');
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
  });
});

suite('a connector in service mode after a restart', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  before(async () => {
    rig = await OperatorRig.start('service-restart', {
      conductorOneSettings: { nextPollMs: 50, nextHeartbeatMs: 1_000 },
    });
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector(serviceMode);
    await rig.untilPhase('Connected');
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
  });
  after(() => rig.close());

  test('carries out a grant task before it has read the directory', async () => {
    await rig.stopOperator();
    const first = rig.sandbox.requests.last;
    rig.sandbox.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { delayMs: 10_000 } });
    await rig.startOperator();
    const listings = () =>
      rig.sandbox.requests.since(first).filter(({ operation }) => operation === 'getUsers');
    await rig.until('the directory is being read', async () => listings().length > 0);
    const { code, message } = await tenant.carryOut({
      type: 'grant',
      entitlement: 'enterprise',
      user: alice,
    });
    assert.equal(code, 'OK', message);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    assert.ok(
      listings().every(({ status }) => status === null),
      'the task did not wait for the listing',
    );
    rig.sandbox.faults.clear();
  });
});

suite('service mode that cannot start', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  before(async () => {
    rig = await OperatorRig.start('service-none', { conductorOneSettings: { nextPollMs: 50 } });
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
  });
  after(() => rig.close());

  const rows: readonly [
    data: Record<string, string | null>,
    reason: string,
    mentions: RegExp,
    because: string,
  ][] = [
    [{ BATON_CLIENT_ID: null }, 'SecretKeyMissing', /BATON_CLIENT_ID/, 'the key is missing'],
    [{ BATON_CLIENT_ID: 'nobody' }, 'CredentialsRejected', /client-id/, 'the client ID has no host'],
    [
      { BATON_CLIENT_ID: 'a-b-1@evil.example/ccc' },
      'HostNotAllowed',
      /evil\.example.*allowed/,
      'the host of the client ID is not allowed',
    ],
  ];
  for (const [data, reason, mentions, because] of rows) {
    test(`reports ${reason} and affects neither syncs nor grants if ${because}`, async () => {
      const { clientId } = rig.sandbox.conductorOne;
      await rig.patchSecret({ BATON_CLIENT_ID: clientId, ...data });
      await rig.createConnector(serviceMode);
      const connector = await rig.untilPhase('Degraded');
      const condition = conditionOf(connector, 'ConductorOneConnected');
      assert.equal(condition?.reason, reason, because);
      assert.match(condition?.message ?? '', mentions);
      assert.equal(conditionOf(connector, 'Ready')?.status, 'True');
      await rig.sync();
      await rig.createGrant('alice', alice);
      await rig.untilReason('alice', 'Granted');
      await rig.deleteConnector();
      await rig.until('the connector is gone', async () => (await rig.connector()) === null);
      await rig.deleteGrant('alice');
      await rig.untilGone('alice');
    });
  }

  test('reports ClockSkew, and connects by itself once the clocks agree', async () => {
    await rig.patchSecret({ BATON_CLIENT_ID: rig.sandbox.conductorOne.clientId });
    await tenant.set({ skewMs: 600_000 });
    await rig.createConnector(serviceMode);
    const connector = await rig.untilPhase('Degraded');
    const condition = conditionOf(connector, 'ConductorOneConnected');
    assert.equal(condition?.reason, 'ClockSkew');
    assert.match(condition?.message ?? '', /clock/);
    await tenant.set({ skewMs: 0 });
    await rig.untilPhase('Connected');
  });
});
