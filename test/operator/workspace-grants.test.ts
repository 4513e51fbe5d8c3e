import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { SECOND_WORKSPACE_GID } from '../../src/sandbox/seed.ts';
import { isInWorkspace, personOf } from './console.ts';
import { conditionOf, OperatorRig, PERSONAL, SERVICE_ACCOUNT } from './rig.ts';

const alice = 'alice@acme.example';
const carol = 'carol@acme.example';
const erin = 'erin@acme.example';
/** Only personal tokens see a second workspace; declared as a service account's, this one may deprovision. */
const secondWorkspace = {
  secret: { BATON_TOKEN: PERSONAL, SCIM_TOKEN: SERVICE_ACCOUNT },
  credentials: { type: 'ServiceAccount', secretRef: { name: 'token', scimTokenKey: 'SCIM_TOKEN' } },
} as const;

suite('workspace grants', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('workspace-grants', { secondWorkspace: 'workspace' });
    await rig.createSecret(secondWorkspace.secret);
    await rig.createConnector({
      credentials: secondWorkspace.credentials,
      provisioning: { allowDeprovision: false },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const declare = (name: string, email: string, spec: Record<string, unknown> = {}) =>
    rig.declare(`awg/${name}`, { user: { email }, workspace: SECOND_WORKSPACE_GID, ...spec });
  const isIn = (email: string) => isInWorkspace(rig.sandbox, email, SECOND_WORKSPACE_GID);

  test('add a person who is a member of another workspace', async () => {
    await declare('carol', carol, { deletionPolicy: 'Revoke' });
    const { status } = await rig.untilReason('awg/carol', 'Granted');
    assert.equal(isIn(carol), true);
    assert.equal(status?.applied?.adopted, false);
    assert.equal(status?.observed?.membership, 'Member');
    assert.equal(status?.user?.organization, SECOND_WORKSPACE_GID);
    await rig.untilEvent('awg/carol', 'AddedToWorkspace');
  });

  test('adopt an existing membership, and keep it when the grant is deleted', async () => {
    await declare('alice', alice, { deletionPolicy: 'Revoke' });
    assert.equal((await rig.untilReason('awg/alice', 'Granted')).status?.applied?.adopted, true);
    await rig.deleteGrant('awg/alice');
    await rig.untilGone('awg/alice');
    assert.equal(isIn(alice), true);
  });

  test('explain PreviouslyRemoved for a removed member, and do not add the member again', async () => {
    const { memberships } = personOf(rig.sandbox, carol);
    const there = memberships.find(({ workspace }) => workspace.gid === SECOND_WORKSPACE_GID);
    assert.ok(there);
    rig.sandbox.state.endMembership(there);
    await rig.sync();
    const refused = await rig
      .until('the grant is Stalled', async () => {
        const grant = await rig.grant('awg/carol');
        return conditionOf(grant, 'Ready')?.status === 'False' && conditionOf(grant, 'Stalled') !== undefined;
      })
      .then(() => rig.grant('awg/carol'));
    assert.equal(conditionOf(refused, 'Ready')?.reason, 'PreviouslyRemoved');
    assert.match(conditionOf(refused, 'Ready')?.message ?? '', /cannot be added again through the API/);
    assert.equal(isIn(carol), false);
    Object.assign(there, { ended: false });
    await rig.sync();
    await rig.untilReason('awg/carol', 'Granted');
  });

  test('release an added member with a Warning on deletion without allowDeprovision', async () => {
    await rig.deleteGrant('awg/carol');
    await rig.untilGone('awg/carol');
    assert.equal(isIn(carol), true);
    assert.match((await rig.untilEvent('awg/carol', 'Released', 'Warning')).note, /allowDeprovision/);
  });

  test('remove an added member on deletion with allowDeprovision', async () => {
    rig.sandbox.state.joinWorkspace(
      rig.sandbox.state.addPerson('member', { email: erin, name: 'Erin Evans' }),
      rig.sandbox.state.organization,
    );
    await rig.patchConnector({ spec: { provisioning: { allowDeprovision: true } } });
    await rig.sync();
    await declare('erin', erin, { deletionPolicy: 'Revoke' });
    await rig.untilReason('awg/erin', 'Granted');
    assert.equal(isIn(erin), true);
    await rig.deleteGrant('awg/erin');
    await rig.untilGone('awg/erin');
    assert.equal(isIn(erin), false);
    assert.equal(
      (await rig.personInAsana(erin)).active,
      true,
      'the account in the organization stays active',
    );
  });

  test('keep an added member on deletion by default, because deletionPolicy defaults to Retain', async () => {
    const frank = 'frank@acme.example';
    rig.sandbox.state.joinWorkspace(
      rig.sandbox.state.addPerson('member', { email: frank, name: 'Frank Fox' }),
      rig.sandbox.state.organization,
    );
    await rig.sync();
    await declare('frank', frank);
    await rig.untilReason('awg/frank', 'Granted');
    await rig.deleteGrant('awg/frank');
    await rig.untilGone('awg/frank');
    assert.equal(isIn(frank), true);
  });

  test('wait with UserNotFound for a person who is in no workspace', async () => {
    await declare('nobody', 'nobody@acme.example');
    await rig.untilReason('awg/nobody', 'UserNotFound');
  });

  test('stall on a workspace that the connector does not read', async () => {
    await declare('lost', alice, { workspace: '999' });
    const grant = await rig.untilReason('awg/lost', 'WorkspaceNotFound');
    assert.match(conditionOf(grant, 'Stalled')?.message ?? '', /999/);
    await rig.sync();
    await rig.patchGrant('awg/lost', {
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'again' } },
    });
    await rig.until(
      'the request is handled',
      async () => (await rig.grant('awg/lost'))?.status?.lastHandledReconcileAt === 'again',
    );
    await rig.untilReason('awg/lost', 'WorkspaceNotFound');
  });
});

suite('a workspace grant for the organization itself', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('workspace-organization', { secondWorkspace: 'workspace' });
    await rig.createSecret(secondWorkspace.secret);
    await rig.createConnector({
      credentials: secondWorkspace.credentials,
      provisioning: { mode: 'Plan' },
    });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('is planned as CreateAccount, not as an invitation', async () => {
    const gina = rig.sandbox.state.addPerson('member', { email: 'gina@acme.example', name: 'Gina Gray' });
    const second = rig.sandbox.state.workspace(SECOND_WORKSPACE_GID);
    assert.ok(second);
    rig.sandbox.state.joinWorkspace(gina, second);
    await rig.sync();
    await rig.declare('awg/gina', { user: { email: 'gina@acme.example' }, workspace: rig.sandbox.workspace });
    const { status } = await rig.untilReason('awg/gina', 'Planned');
    assert.equal(status?.planned?.action, 'CreateAccount');
    assert.deepEqual(rig.writesInAsana(), []);
  });
});
