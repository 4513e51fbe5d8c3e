import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { askControl } from '../../scripts/sandbox-control.ts';
import { conditionOf, OperatorRig } from './rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';
const guest = 'dave@partner.example';

suite('license grants in mode Apply', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('grants-apply');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  test('upgrade a view-only account to an enterprise license in Asana', async () => {
    await rig.createGrant('alice', alice);
    const grant = await rig.untilReason('alice', 'Granted');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    assert.equal(grant.status?.applied?.adopted, false);
    assert.equal(grant.status?.applied?.license, 'Enterprise');
    assert.equal(grant.status?.lastAction?.result, 'Succeeded');
    assert.equal(grant.status?.planned, undefined);
    assert.deepEqual(grant.metadata.finalizers, ['asana-connector.dev/revoke']);
    const line = rig.audit
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ action }) => action === 'GrantEnterprise');
    assert.equal(line?.['before'], 'ViewOnly');
    assert.equal(line?.['result'], 'Succeeded');
  });

  test('send exactly three requests for an upgrade', async () => {
    const from = rig.sandbox.requests.last;
    await rig.createGrant('three-requests', carol);
    await rig.untilReason('three-requests', 'Granted');
    const operations = rig.sandbox.requests.since(from).map(({ operation }) => operation);
    assert.deepEqual(operations, ['scimGetUser', 'scimPatchUser', 'scimGetUser']);
    await rig.deleteGrant('three-requests');
    await rig.untilGone('three-requests');
  });

  test('adopt a license that already is as declared, without sending a write', async () => {
    const writes = rig.writesInAsana().length;
    await rig.createGrant('bob', bob);
    const grant = await rig.untilReason('bob', 'Granted');
    assert.equal(grant.status?.applied?.adopted, true);
    assert.equal(rig.writesInAsana().length, writes);
  });

  test('correct a license that was changed in the console, and report the drift', async () => {
    await rig.changeInConsole(alice, { license: 'view only' });
    await rig.sync();
    await rig.until('drift is corrected', async () => (await rig.grant('alice'))?.status?.drift?.count === 1);
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    await rig.untilEvent('alice', 'DriftCorrected', 'Warning');
  });

  test('stop correcting drift after three corrections until requestedAt is set', async () => {
    for (const count of [2, 3]) {
      await rig.changeInConsole(alice, { license: 'view only' });
      await rig.sync();
      await rig.until(
        `${count} corrections are counted`,
        async () => (await rig.grant('alice'))?.status?.drift?.count === count,
      );
    }
    await rig.changeInConsole(alice, { license: 'view only' });
    await rig.sync();
    const contended = await rig.untilReason('alice', 'Contended');
    assert.equal(conditionOf(contended, 'Stalled')?.status, 'True');
    assert.equal(conditionOf(contended, 'Drifted')?.status, 'True');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
    await rig.patchGrant('alice', {
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'again' } },
    });
    const granted = await rig.untilReason('alice', 'Granted');
    assert.equal(granted.status?.lastHandledReconcileAt, 'again');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });

  test('count corrections anew after an edit', async () => {
    await rig.changeInConsole(alice, { license: 'view only' });
    await rig.patchGrant('alice', { spec: { reason: 'edited' } });
    await rig.sync();
    await rig.until('the count begins again after the edit', async () => {
      const grant = await rig.grant('alice');
      return (
        grant?.status?.drift?.count === 1 && grant.status.observedGeneration === grant.metadata.generation
      );
    });
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });

  test('leave a view-only license when an enterprise grant is deleted', async () => {
    await rig.deleteGrant('alice');
    await rig.untilGone('alice');
    assert.deepEqual(pick(await rig.personInAsana(alice)), { license: 'view only', active: true });
  });

  test('reduce an adopted enterprise license to view-only too when the grant is deleted', async () => {
    await rig.deleteGrant('bob');
    await rig.untilGone('bob');
    assert.equal(await rig.licenseInAsana(bob), 'view only');
  });

  test('keep the license when a grant with deletionPolicy Retain is deleted', async () => {
    await rig.createGrant('retained', bob, { deletionPolicy: 'Retain' });
    await rig.untilReason('retained', 'Granted');
    await rig.deleteGrant('retained');
    await rig.untilGone('retained');
    assert.equal(await rig.licenseInAsana(bob), 'enterprise');
  });

  test('release a view-only license of an account that they did not create, with a Normal event', async () => {
    await rig.createGrant('downgraded', bob, { license: 'ViewOnly' });
    await rig.untilReason('downgraded', 'Granted');
    assert.equal(await rig.licenseInAsana(bob), 'view only');
    await rig.deleteGrant('downgraded');
    await rig.untilGone('downgraded');
    assert.deepEqual(pick(await rig.personInAsana(bob)), { license: 'view only', active: true });
    await rig.untilEvent('downgraded', 'Released', 'Normal');
  });

  test('wait with UserNotFound for an unknown email, and report the remedy', async () => {
    await rig.createGrant('nobody', 'nobody@acme.example');
    const grant = await rig.untilReason('nobody', 'UserNotFound');
    assert.equal(conditionOf(grant, 'Reconciling')?.status, 'True');
    assert.match(conditionOf(grant, 'Ready')?.message ?? '', /Invite the person|onMissingAccount/);
  });

  test('stall on a guest', async () => {
    await rig.createGrant('guest', guest);
    const grant = await rig.untilReason('guest', 'UserIsGuest');
    assert.equal(conditionOf(grant, 'Stalled')?.status, 'True');
  });

  test('let the older of two grants for a person win, and the younger succeed it on deletion', async () => {
    await rig.createGrant('elder', carol);
    await rig.untilReason('elder', 'Granted');
    // Creation times have a resolution of one second; within the same second the name decides.
    await rig.createGrant('junior', carol);
    const lost = await rig.untilReason('junior', 'ConflictingGrant');
    assert.match(conditionOf(lost, 'Ready')?.message ?? '', /elder/);
    await rig.deleteGrant('elder');
    await rig.untilGone('elder');
    const heir = await rig.untilReason('junior', 'Granted');
    assert.equal(heir.status?.applied?.adopted, false, 'the successor inherits the given license');
    assert.equal(await rig.licenseInAsana(carol), 'enterprise', 'the license is kept');
  });

  test('reduce the license to view-only when a grant expires, and keep the object', async () => {
    await rig.patchGrant('junior', { spec: { expiresAt: new Date(Date.now() + 1500).toISOString() } });
    const expired = await rig.untilReason('junior', 'Expired');
    assert.equal(await rig.licenseInAsana(carol), 'view only');
    assert.equal(conditionOf(expired, 'Ready')?.status, 'True');
    assert.equal(conditionOf(expired, 'Expired')?.status, 'True');
    assert.equal(expired.status?.applied, undefined);
    await rig.until(
      'the finalizer is gone',
      async () => ((await rig.grant('junior'))?.metadata.finalizers ?? []).length === 0,
    );
  });

  test('do nothing for a suspended grant, and release it on deletion', async () => {
    await rig.createGrant('suspended', carol, { suspend: true });
    const grant = await rig.untilReason('suspended', 'Suspended');
    assert.equal(conditionOf(grant, 'Ready')?.status, 'Unknown');
    assert.equal(await rig.licenseInAsana(carol), 'view only');
    await rig.deleteGrant('suspended');
    await rig.untilGone('suspended');
  });

  test('follow the account by gid when its email changes', async () => {
    await rig.createGrant('renamed', carol);
    await rig.untilReason('renamed', 'Granted');
    await rig.changeInConsole(carol, { email: 'carol.new@acme.example' });
    await rig.sync();
    await rig.until(
      'the new address is recorded',
      async () => (await rig.grant('renamed'))?.status?.user?.email === 'carol.new@acme.example',
    );
    assert.equal(conditionOf(await rig.grant('renamed'), 'Ready')?.reason, 'Granted');
  });

  test('report IdentityChanged when the email belongs to another account', async () => {
    const other = { email: carol, name: 'Another Carol', license: 'view only' };
    await askControl(rig.sandbox, 'POST', '/users', other);
    await rig.sync();
    await rig.untilReason('renamed', 'IdentityChanged');
    assert.equal(await rig.licenseInAsana(carol), 'view only', 'the other account is unchanged');
  });

  test('find an account whose email contains capitals in Asana', async () => {
    await rig.changeInConsole('carol@acme.example', { email: 'Carol.Capital@Acme.Example' });
    await rig.sync();
    await rig.createGrant('capital', 'carol.capital@acme.example');
    await rig.untilReason('capital', 'Granted');
    assert.equal(await rig.licenseInAsana('carol.capital@acme.example'), 'enterprise');
  });

  test('create a missing account as view-only, then upgrade it', async () => {
    await rig.patchConnector({ spec: { defaultWorkspace: rig.sandbox.workspace } });
    await rig.createGrant('created', 'erin.new@acme.example', { onMissingAccount: 'Create' });
    await rig.untilReason('created', 'Granted');
    assert.equal(await rig.licenseInAsana('erin.new@acme.example'), 'enterprise');
    const kinds = rig.audit
      .map((text) => JSON.parse(text) as { account: { email: string }; action: string })
      .filter(({ account }) => account.email === 'erin.new@acme.example');
    assert.deepEqual(
      kinds.map(({ action }) => action),
      ['CreateAccount', 'GrantEnterprise'],
    );
  });

  test('stall on an account that was removed before, and refer to the Admin Console', async () => {
    const state = (await (await fetch(`${rig.sandbox.controlUrl}/state`)).json()) as {
      people: { email: string; active: boolean }[];
    };
    const leaver = state.people.find(({ active }) => !active)?.email.toLowerCase() ?? '';
    await rig.createGrant('leaver', leaver, { onMissingAccount: 'Create' });
    const grant = await rig.untilReason('leaver', 'PreviouslyRemoved');
    assert.match(conditionOf(grant, 'Stalled')?.message ?? '', /Admin Console/);
  });

  test('report LicensesUnavailable for an unknown userType, and do not change it', async () => {
    await rig.changeInConsole('erin.new@acme.example', { license: 'platinum' });
    await rig.sync();
    const grant = await rig.untilReason('created', 'LicensesUnavailable');
    assert.match(conditionOf(grant, 'Ready')?.message ?? '', /platinum/);
    assert.equal(await rig.licenseInAsana('erin.new@acme.example'), 'platinum');
  });
});

suite('license grants in mode Plan', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('grants-plan');
    await rig.createSecret();
    await rig.createConnector({ provisioning: { mode: 'Plan' } });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('report the planned action without sending a write', async () => {
    await rig.createGrant('alice', alice);
    const grant = await rig.untilReason('alice', 'Planned');
    assert.equal(grant.status?.planned?.action, 'GrantEnterprise');
    assert.equal(conditionOf(grant, 'Ready')?.status, 'True');
    assert.equal(grant.metadata.finalizers, undefined);
    assert.equal(grant.status?.applied, undefined);
    await rig.createGrant('bob', bob, { license: 'ViewOnly' });
    assert.equal((await rig.untilReason('bob', 'Planned')).status?.planned?.action, 'RevokeEnterprise');
    await rig.deleteGrant('alice');
    await rig.untilGone('alice');
    assert.deepEqual(rig.writesInAsana(), []);
  });

  test('report a refused decision with its own reason', async () => {
    await rig.createGrant('guest', guest);
    await rig.untilReason('guest', 'UserIsGuest');
    assert.deepEqual(rig.writesInAsana(), []);
  });

  test('release an applied license when the grant is deleted after a change back to Plan', async () => {
    await rig.patchConnector({ spec: { provisioning: { mode: 'Apply' } } });
    await rig.createGrant('applied', alice);
    await rig.untilReason('applied', 'Granted');
    await rig.patchConnector({ spec: { provisioning: { mode: 'Plan' } } });
    await rig.sync();
    await rig.deleteGrant('applied');
    await rig.untilGone('applied');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });
});

function pick({ license, active }: { license: string | null; active: boolean }): {
  license: string | null;
  active: boolean;
} {
  return { license, active };
}
