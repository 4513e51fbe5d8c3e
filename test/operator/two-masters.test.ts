import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { isInWorkspace, Teams } from './console.ts';
import { OperatorRig, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';
const provider = { secretRef: { name: 'token' }, provision: true };

suite('a task of ConductorOne that contradicts a grant', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  let teams: Teams;
  let design = '';
  before(async () => {
    rig = await OperatorRig.start('two-masters', {
      membersPerTeam: 0,
      conductorOneSettings: { nextPollMs: 50, nextHeartbeatMs: 1_000 },
    });
    teams = new Teams(rig.sandbox);
    design = await teams.create('Design guild', [bob]);
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({
      conductorOne: provider,
      provisioning: { allowDeprovision: true, maxDeprovisions: 100 },
    });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  const organization = () => rig.sandbox.workspace;
  /** What each task takes, and the grant that declares it. */
  const rows: readonly {
    readonly ref: string;
    readonly spec: () => Record<string, unknown>;
    readonly names: string;
    readonly task: () => Record<string, unknown>;
    readonly still: () => Promise<boolean>;
  }[] = [
    {
      ref: 'bob',
      spec: () => ({ user: { email: bob } }),
      names: 'AsanaLicenseGrant',
      task: () => ({ type: 'revoke', entitlement: 'enterprise', user: bob }),
      still: async () => (await rig.licenseInAsana(bob)) === 'enterprise',
    },
    {
      ref: 'atg/bob',
      spec: () => ({ user: { email: bob }, team: { gid: design } }),
      names: 'AsanaTeamGrant',
      task: () => ({ type: 'revoke', entitlement: `team:${design}:Team Member`, user: bob }),
      still: () => Promise.resolve(teams.has(bob, design)),
    },
    {
      ref: 'awg/alice',
      spec: () => ({ user: { email: alice }, workspace: organization() }),
      names: 'AsanaWorkspaceGrant',
      task: () => ({ type: 'revoke', entitlement: `workspace:${organization()}:Member`, user: alice }),
      still: () => Promise.resolve(isInWorkspace(rig.sandbox, alice, organization())),
    },
    {
      ref: 'aac/carol',
      spec: () => ({ email: carol, workspace: organization() }),
      names: 'AsanaAccount',
      task: () => ({ type: 'revoke', entitlement: 'view only', user: carol }),
      still: async () => (await rig.personInAsana(carol)).active,
    },
  ];

  for (const { ref, spec, names, task, still } of rows) {
    test(`is rejected with the name of the ${names}, and nothing is revoked`, async () => {
      await rig.declare(ref, spec());
      await rig.untilReason(ref, 'Granted');
      assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
      const refused = await tenant.carryOut(task());
      assert.equal(refused.code, 'FailedPrecondition', refused.message);
      const name = ref.slice(ref.indexOf('/') + 1);
      assert.ok(refused.message.includes(`${names} ${rig.namespace}/${name}`), refused.message);
      assert.equal(await still(), true);
    });
  }

  test('is rejected if it gives a right to a person who is declared Absent', async () => {
    await rig.patchConnector({ spec: { provisioning: { allowDeprovision: false } } });
    await rig.deleteGrant('aac/carol');
    await rig.untilGone('aac/carol');
    await rig.declare('aac/leaver', { email: carol, workspace: organization(), ensure: 'Absent' });
    await rig.untilReason('aac/leaver', 'DeprovisionNotAllowed');
    await tenant.carryOut({ type: 'syncFull' });
    for (const entitlement of ['enterprise', `team:${design}:Team Member`]) {
      const refused = await tenant.carryOut({ type: 'grant', entitlement, user: carol });
      assert.equal(refused.code, 'FailedPrecondition', refused.message);
      assert.ok(refused.message.includes(`AsanaAccount ${rig.namespace}/leaver`), refused.message);
    }
    assert.equal(await rig.licenseInAsana(carol), 'view only');
    assert.equal(teams.has(carol, design), false);
  });
});

suite('a deprovision task that waits for Retry-After', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  before(async () => {
    rig = await OperatorRig.start('two-masters-wait', {
      conductorOneSettings: { nextPollMs: 50, nextHeartbeatMs: 1_000 },
    });
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({
      conductorOne: provider,
      provisioning: { mode: 'Plan', allowDeprovision: true },
    });
    await rig.untilPhase('Connected');
    await tenant.carryOut({ type: 'syncFull' });
  });
  after(() => rig.close());

  test('is rejected if the connector no longer allows deprovisions', async () => {
    const from = rig.sandbox.requests.last;
    const fault = rig.sandbox.faults.add({
      match: { method: 'PATCH', times: 1 },
      effect: { status: 429, retryAfter: 4 },
    });
    const id = await tenant.order({ type: 'revoke', entitlement: 'view only', user: alice });
    await rig.until('Asana has answered 429', async () =>
      rig.sandbox.requests.since(from).some(({ status }) => status === 429),
    );
    await rig.patchConnector({ spec: { provisioning: { allowDeprovision: false } } });
    const { code, message } = await tenant.untilEnded(id);
    assert.equal(code, 'FailedPrecondition', message);
    assert.match(message, /allowDeprovision/);
    assert.equal((await rig.personInAsana(alice)).active, true);
    rig.sandbox.faults.remove(fault);
  });
});

suite('two connectors of one organization', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  before(async () => {
    rig = await OperatorRig.start('two-masters-count', {
      conductorOneSettings: { nextPollMs: 50, nextHeartbeatMs: 1_000 },
    });
    tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: { allowDeprovision: true, maxDeprovisions: 1 },
    });
    await rig.createConnector(
      { conductorOne: provider, provisioning: { mode: 'Plan', allowDeprovision: true, maxDeprovisions: 5 } },
      'serving',
    );
    await rig.untilPhase('Connected');
    await rig.untilPhase('Connected', 'serving');
    await rig.declareSomebodyWhoStays();
    await tenant.carryOut({ type: 'syncFull' });
  });
  after(() => rig.close());

  test('share the count of deprovisions: a task of one counts towards the limit of the other', async () => {
    const done = await tenant.carryOut({ type: 'revoke', entitlement: 'view only', user: alice });
    assert.equal(done.code, 'OK', done.message);
    assert.equal((await rig.personInAsana(alice)).active, false);
    await rig.declare('aac/carol', { email: carol, ensure: 'Absent' });
    await rig.untilReason('aac/carol', 'RemovalsPaused');
    assert.equal((await rig.personInAsana(carol)).active, true);
    const { token } = await rig.untilHeld('TooManyRemovals');
    await rig.answer('acknowledge', token);
    await rig.untilReason('aac/carol', 'Removed');
  });
});
