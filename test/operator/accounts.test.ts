import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { isInWorkspace, personOf, Teams } from './console.ts';
import { conditionOf, OperatorRig } from './rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';
const root = 'root@acme.example';
const guest = 'dave@partner.example';

suite('AsanaAccounts in an organization with SCIM', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('accounts', { neighbour: true });
    await rig.createSecret();
    await rig.createConnector({
      provisioning: {
        allowedNamespaces: ['*'],
        maxRemovals: { percent: 100, atLeast: 100, window: '1h' },
        maxDeprovisions: 100,
      },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const allowDeprovision = (allowed: boolean) =>
    rig.patchConnector({ spec: { provisioning: { allowDeprovision: allowed } } });
  const isActive = async (email: string) => (await rig.personInAsana(email)).active;

  test('stall with WorkspaceNotSet until the connector has a defaultWorkspace, and are then created', async () => {
    await rig.declare('aac/erin', { email: 'erin@acme.example', name: 'Erin Evans' });
    await rig.untilReason('aac/erin', 'WorkspaceNotSet');
    await rig.patchConnector({ spec: { defaultWorkspace: rig.sandbox.workspace } });
    await rig.untilReason('aac/erin', 'Granted');
  });

  test('are created over SCIM with a view-only license and the declared name', async () => {
    const { status } = (await rig.grant('aac/erin')) ?? {};
    assert.equal(await rig.licenseInAsana('erin@acme.example'), 'view only');
    assert.equal(personOf(rig.sandbox, 'erin@acme.example').profile.name, 'Erin Evans');
    assert.equal(status?.applied?.account, 'Active');
    assert.equal(status?.applied?.adopted, false);
    assert.equal(status?.created?.gid, personOf(rig.sandbox, 'erin@acme.example').gid);
    assert.equal(status?.workspace, rig.sandbox.workspace);
    assert.deepEqual(
      rig.auditRecords().map(({ action }) => action),
      ['CreateAccount'],
    );
  });

  test('adopt an existing account without sending a write', async () => {
    const writes = rig.writesInAsana().length;
    await rig.declare('aac/alice', { email: alice, deletionPolicy: 'Revoke' });
    assert.equal((await rig.untilReason('aac/alice', 'Granted')).status?.applied?.adopted, true);
    assert.equal(rig.writesInAsana().length, writes);
  });

  test('stall with UserIsGuest on a guest, whom no API can make a member', async () => {
    await rig.declare('aac/guest', { email: guest });
    const grant = await rig.untilReason('aac/guest', 'UserIsGuest');
    assert.equal(conditionOf(grant, 'Stalled')?.status, 'True');
    await rig.deleteGrant('aac/guest');
    await rig.untilGone('aac/guest');
  });

  test('stall on an account that was removed before, and refer to the Admin Console', async () => {
    const leaver = [...rig.sandbox.state.people].find(({ profile }) => !profile.active);
    await rig.declare('aac/leaver', { email: leaver?.profile.email.toLowerCase() });
    const grant = await rig.untilReason('aac/leaver', 'PreviouslyRemoved');
    assert.match(conditionOf(grant, 'Stalled')?.message ?? '', /Admin Console/);
  });

  test('keep an adopted account on deletion, even with deletionPolicy Revoke', async () => {
    await allowDeprovision(true);
    await rig.deleteGrant('aac/alice');
    await rig.untilGone('aac/alice');
    assert.equal(await isActive(alice), true);
  });

  test('keep a created account on deletion with deletionPolicy Retain, the default', async () => {
    await rig.declare('aac/kept', { email: 'kept@acme.example' });
    await rig.untilReason('aac/kept', 'Granted');
    await rig.deleteGrant('aac/kept');
    await rig.untilGone('aac/kept');
    assert.equal(await isActive('kept@acme.example'), true);
  });

  test('deprovision a created account on deletion with deletionPolicy Revoke and allowDeprovision', async () => {
    await rig.declare('aac/temp', { email: 'temp@acme.example', deletionPolicy: 'Revoke' });
    await rig.untilReason('aac/temp', 'Granted');
    await rig.deleteGrant('aac/temp');
    await rig.untilGone('aac/temp');
    assert.equal(await isActive('temp@acme.example'), false);
  });

  test('release a created account with a Warning on deletion without allowDeprovision', async () => {
    await rig.declare('aac/stuck', { email: 'stuck@acme.example', deletionPolicy: 'Revoke' });
    await rig.untilReason('aac/stuck', 'Granted');
    await allowDeprovision(false);
    await rig.deleteGrant('aac/stuck');
    await rig.untilGone('aac/stuck');
    assert.equal(await isActive('stuck@acme.example'), true);
    assert.match((await rig.untilEvent('aac/stuck', 'Released', 'Warning')).note, /allowDeprovision/);
  });

  test('with ensure Absent, stall without allowDeprovision and deprovision the account once it is set', async () => {
    await rig.declare('aac/carol', { email: carol, ensure: 'Absent' });
    const stalled = await rig.untilReason('aac/carol', 'DeprovisionNotAllowed');
    assert.equal(conditionOf(stalled, 'Stalled')?.status, 'True');
    assert.equal(await isActive(carol), true);
    await allowDeprovision(true);
    const removed = await rig.untilReason('aac/carol', 'Removed');
    assert.equal(await isActive(carol), false);
    assert.equal(removed.status?.observed?.account, 'Absent');
    assert.equal(removed.status?.applied, undefined);
    assert.equal(conditionOf(removed, 'Ready')?.status, 'True');
  });

  test('with ensure Absent, require requestedAt to deprovision an account that came back', async () => {
    await rig.changeInConsole(carol, { active: true });
    await rig.sync();
    const contended = await rig.untilReason('aac/carol', 'Contended');
    assert.match(conditionOf(contended, 'Ready')?.message ?? '', /requestedAt/);
    assert.equal(await isActive(carol), true);
    await rig.patchGrant('aac/carol', {
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'once more' } },
    });
    const removed = await rig.untilReason('aac/carol', 'Removed');
    assert.equal(await isActive(carol), false);
    assert.equal(removed.status?.lastHandledReconcileAt, 'once more');
  });

  test('with ensure Absent, report Removed without a write if the account never existed', async () => {
    const writes = rig.writesInAsana().length;
    await rig.declare('aac/ghost', { email: 'ghost@acme.example', ensure: 'Absent' });
    await rig.untilReason('aac/ghost', 'Removed');
    assert.equal(rig.writesInAsana().length, writes);
  });

  test('with ensure Absent, report UserIsGuest for a guest, who stays active', async () => {
    await rig.declare('aac/guest-out', { email: guest, ensure: 'Absent' });
    await rig.untilReason('aac/guest-out', 'UserIsGuest');
    assert.equal(await isActive(guest), true);
    await rig.deleteGrant('aac/guest-out');
  });

  test('with ensure Absent, report ProtectedUser for an admin, who stays active', async () => {
    await rig.deleteGrant('stays');
    await rig.declare('aac/root', { email: root, ensure: 'Absent' });
    await rig.untilReason('aac/root', 'ProtectedUser');
    assert.equal(await isActive(root), true);
  });

  test('with ensure Absent, report NamespaceNotAllowed outside the namespace of the connector', async () => {
    const name = `${rig.neighbour}/aac/bob`;
    await rig.declare(name, { email: bob, ensure: 'Absent' });
    const grant = await rig.untilReason(name, 'NamespaceNotAllowed');
    assert.match(conditionOf(grant, 'Ready')?.message ?? '', /namespace of the connector/);
    assert.equal(await isActive(bob), true);
  });

  test('with ensure Absent, wait with StillDeclared while a team grant declares a right of the person', async () => {
    const teams = new Teams(rig.sandbox);
    const team = await teams.create('Still there', [bob]);
    await rig.sync();
    await rig.declare('atg/bob', { user: { email: bob }, team: { gid: team } });
    await rig.untilReason('atg/bob', 'Granted');
    await rig.declare('aac/bob', { email: bob, ensure: 'Absent' });
    const stalled = await rig.untilReason('aac/bob', 'StillDeclared');
    assert.match(
      conditionOf(stalled, 'Ready')?.message ?? '',
      new RegExp(`AsanaTeamGrant ${rig.namespace}/bob`),
    );
    assert.equal(await isActive(bob), true);
    await rig.deleteGrant('atg/bob');
    await rig.untilReason('aac/bob', 'Removed');
    assert.equal(await isActive(bob), false);
  });

  test('with ensure Absent, leave the account deprovisioned on deletion', async () => {
    await rig.deleteGrant('aac/bob');
    await rig.untilGone('aac/bob');
    assert.equal(await isActive(bob), false);
  });

  test('create an account that a license grant would create too, once and with the declared name', async () => {
    await rig.patchConnector({ spec: { provisioning: { mode: 'Plan' } } });
    await rig.sync();
    await rig.declare('aac/hana', { email: 'hana@acme.example', name: 'Hana Hill' });
    await rig.untilReason('aac/hana', 'Planned');
    await rig.createGrant('hana', 'hana@acme.example', { onMissingAccount: 'Create' });
    await rig.patchConnector({ spec: { provisioning: { mode: 'Apply' } } });
    await rig.untilReason('hana', 'Granted');
    assert.equal(personOf(rig.sandbox, 'hana@acme.example').profile.name, 'Hana Hill');
    assert.equal(await rig.licenseInAsana('hana@acme.example'), 'enterprise');
    const creations = rig
      .auditRecords()
      .filter(({ account, action }) => action === 'CreateAccount' && account.email === 'hana@acme.example');
    assert.equal(creations.length, 1);
  });
});

suite('AsanaAccounts in an organization without SCIM', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('accounts-invited');
    await rig.createSecret();
    await rig.createConnector({
      scim: { enabled: false },
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: { allowDeprovision: true },
    });
    await rig.untilPhase('Connected');
    await rig.declare('aac/stays', { email: root });
  });
  after(() => rig.close());

  test('invite the person', async () => {
    await rig.declare('aac/ivan', { email: 'ivan@acme.example', deletionPolicy: 'Revoke' });
    const { status } = await rig.untilReason('aac/ivan', 'Granted');
    assert.equal(isInWorkspace(rig.sandbox, 'ivan@acme.example', rig.sandbox.workspace), true);
    assert.equal(status?.lastAction?.type, 'InviteAccount');
    assert.equal(status?.applied?.adopted, false);
  });

  test('remove an invited person from the workspace on deletion with deletionPolicy Revoke', async () => {
    await rig.deleteGrant('aac/ivan');
    await rig.untilGone('aac/ivan');
    assert.equal(isInWorkspace(rig.sandbox, 'ivan@acme.example', rig.sandbox.workspace), false);
  });
});
