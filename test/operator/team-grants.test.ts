import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Teams } from './console.ts';
import { conditionOf, OperatorRig } from './rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';
const guest = 'dave@partner.example';

suite('team grants in mode Apply', () => {
  let rig: OperatorRig;
  let teams: Teams;
  let design = '';
  before(async () => {
    rig = await OperatorRig.start('team-grants', { accounts: 40, membersPerTeam: 0 });
    teams = new Teams(rig.sandbox);
    design = await teams.create('Design guild', [bob]);
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { maxRemovals: { percent: 100, atLeast: 100, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  const declare = (name: string, email: string, spec: Record<string, unknown> = {}) =>
    rig.declare(`atg/${name}`, { user: { email }, team: { gid: design }, ...spec });

  test('add a member of the organization to a team that is declared by name', async () => {
    await declare('alice', alice, { team: { name: 'Design guild' } });
    const { status } = await rig.untilReason('atg/alice', 'Granted');
    assert.equal(teams.has(alice, design), true);
    assert.deepEqual(status?.team, { gid: design, name: 'Design guild' });
    assert.equal(status?.applied?.membership, 'Member');
    assert.equal(status?.applied?.adopted, false);
    assert.equal(status?.observed?.membership, 'Member');
    await rig.untilEvent('atg/alice', 'AddedToTeam');
  });

  test('adopt an existing membership without sending a write', async () => {
    const writes = rig.writesInAsana().length;
    await declare('bob', bob);
    const { status } = await rig.untilReason('atg/bob', 'Granted');
    assert.equal(status?.applied?.adopted, true);
    assert.equal(rig.writesInAsana().length, writes);
  });

  test('add a member again who was removed in the console, and report the drift', async () => {
    teams.remove(alice, design);
    await rig.sync();
    await rig.until('alice is in the team again', async () => teams.has(alice, design));
    await rig.until(
      'the correction is counted',
      async () => (await rig.grant('atg/alice'))?.status?.drift?.count === 1,
    );
    await rig.untilEvent('atg/alice', 'DriftCorrected', 'Warning');
    assert.equal((await rig.grant('atg/alice'))?.status?.applied?.adopted, false);
  });

  test('remove a member that they added when the grant is deleted', async () => {
    await rig.deleteGrant('atg/alice');
    await rig.untilGone('atg/alice');
    assert.equal(teams.has(alice, design), false);
    assert.equal((await rig.personInAsana(alice)).active, true);
  });

  test('remove an adopted plain member too when the grant is deleted', async () => {
    await rig.deleteGrant('atg/bob');
    await rig.untilGone('atg/bob');
    assert.equal(teams.has(bob, design), false);
  });

  test('release an adopted membership with another role, because only Asana gives roles', async () => {
    teams.add(bob, design, { isAdmin: true });
    await rig.sync();
    await declare('admin', bob);
    assert.equal((await rig.untilReason('atg/admin', 'Granted')).status?.applied?.membership, 'Admin');
    await rig.deleteGrant('atg/admin');
    await rig.untilGone('atg/admin');
    assert.equal(teams.has(bob, design), true);
    await rig.untilEvent('atg/admin', 'Released');
  });

  test('keep the membership when a grant with deletionPolicy Retain is deleted', async () => {
    await declare('retained', carol, { deletionPolicy: 'Retain' });
    await rig.untilReason('atg/retained', 'Granted');
    await rig.deleteGrant('atg/retained');
    await rig.untilGone('atg/retained');
    assert.equal(teams.has(carol, design), true);
  });

  test('release the last team of a guest with a Warning, because Asana may remove such guests', async () => {
    await declare('guest', guest);
    await rig.untilReason('atg/guest', 'Granted');
    await rig.deleteGrant('atg/guest');
    await rig.untilGone('atg/guest');
    assert.equal(teams.has(guest, design), true);
    assert.match((await rig.untilEvent('atg/guest', 'Released', 'Warning')).note, /last team/);
  });

  test('remove a guest that they added if the guest is in another team too', async () => {
    teams.remove(guest, design);
    teams.add(guest, await teams.create('Second team'));
    await rig.sync();
    await declare('guest', guest);
    await rig.untilReason('atg/guest', 'Granted');
    await rig.deleteGrant('atg/guest');
    await rig.untilGone('atg/guest');
    assert.equal(teams.has(guest, design), false);
  });

  test('wait with TeamNotFound for a missing team, and are granted once it exists', async () => {
    await declare('early', alice, { team: { name: 'Not yet' } });
    const early = await rig.untilReason('atg/early', 'TeamNotFound');
    assert.equal(conditionOf(early, 'Reconciling')?.status, 'True');
    const gid = await teams.create('Not yet');
    await rig.sync();
    await rig.untilReason('atg/early', 'Granted');
    assert.equal(teams.has(alice, gid), true);
  });

  test('are not written while the teams are read after a restart', async () => {
    await rig.stopOperator();
    const { metadata } = (await rig.grant('atg/early')) ?? assert.fail();
    // The accounts are read long before the teams are.
    rig.sandbox.faults.add({
      match: { operation: 'getTeamsForWorkspace', times: 1 },
      effect: { delayMs: 1_000 },
    });
    await rig.startOperator();
    await rig.sync();
    assert.equal((await rig.grant('atg/early'))?.metadata.resourceVersion, metadata.resourceVersion);
  });

  test('follow a renamed team by gid, and ignore a new team with its former name', async () => {
    const before = (await rig.grant('atg/early'))?.status?.team?.gid ?? '';
    const team = rig.sandbox.state.team(before);
    assert.ok(team);
    Object.assign(team, { name: 'Renamed' });
    const other = await teams.create('Not yet');
    await rig.sync();
    await rig.until(
      'the new name is recorded',
      async () => (await rig.grant('atg/early'))?.status?.team?.name === 'Renamed',
    );
    assert.equal((await rig.grant('atg/early'))?.status?.team?.gid, before);
    assert.equal(teams.has(alice, other), false);
  });

  test('stall with TeamAmbiguous if two teams have the name, and report their gids', async () => {
    const gids = [await teams.create('Twins'), await teams.create('Twins')];
    await rig.sync();
    await declare('twins', alice, { team: { name: 'Twins' } });
    const grant = await rig.untilReason('atg/twins', 'TeamAmbiguous');
    assert.equal(conditionOf(grant, 'Stalled')?.status, 'True');
    for (const gid of gids) assert.match(conditionOf(grant, 'Ready')?.message ?? '', new RegExp(gid));
    await rig.untilEvent('atg/twins', 'TeamAmbiguous', 'Warning');
  });

  test('wait with UserNotFound for a person who is not in the organization, and invite nobody', async () => {
    const writes = rig.writesInAsana().length;
    await declare('nobody', 'nobody@acme.example');
    const grant = await rig.untilReason('atg/nobody', 'UserNotFound');
    assert.equal(conditionOf(grant, 'Reconciling')?.status, 'True');
    assert.equal(rig.writesInAsana().length, writes);
  });

  test('stall with NotTeamMember while Asana lets only members of the team change it', async () => {
    const closed = await teams.create('Closed');
    await rig.setAsana({ serviceAccountNeedsTeam: true });
    await rig.sync();
    await declare('closed', alice, { team: { gid: closed } });
    const grant = await rig.untilReason('atg/closed', 'NotTeamMember');
    assert.match(conditionOf(grant, 'Stalled')?.message ?? '', /account of the token/);
    await rig.setAsana({ serviceAccountNeedsTeam: false });
    await rig.patchGrant('atg/closed', {
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'again' } },
    });
    await rig.untilReason('atg/closed', 'Granted');
    assert.equal(teams.has(alice, closed), true);
  });

  test('report TeamNotFound if their team was deleted in Asana, and are released on deletion', async () => {
    const gid = (await rig.grant('atg/closed'))?.status?.team?.gid ?? '';
    const { organization } = rig.sandbox.state;
    teams.remove(alice, gid);
    organization.teams.splice(
      organization.teams.findIndex((team) => team.gid === gid),
      1,
    );
    await rig.sync();
    await rig.untilReason('atg/closed', 'TeamNotFound');
    await rig.deleteGrant('atg/closed');
    await rig.untilGone('atg/closed');
    assert.match((await rig.untilEvent('atg/closed', 'Released', 'Warning')).note, /no team/);
  });

  test('let the older of two grants for a team and a person win, and the younger succeed it', async () => {
    await declare('elder', alice);
    await rig.untilReason('atg/elder', 'Granted');
    await declare('junior', alice, { team: { name: 'Design guild' } });
    await rig.untilReason('atg/junior', 'ConflictingGrant');
    await rig.deleteGrant('atg/elder');
    await rig.untilGone('atg/elder');
    const heir = await rig.untilReason('atg/junior', 'Granted');
    assert.equal(heir.status?.applied?.adopted, false, 'the successor inherits the given membership');
    assert.equal(
      rig
        .auditRecords()
        .filter(({ action, account }) => action === 'RemoveFromTeam' && account.email === alice).length,
      1,
      'only the removal in an earlier test',
    );
  });

  test('do not contend with a license grant of the same person', async () => {
    await rig.createGrant('license', alice);
    await rig.untilReason('license', 'Granted');
    await rig.untilReason('atg/junior', 'Granted');
  });
});

suite('team grants in mode Plan', () => {
  let rig: OperatorRig;
  let teams: Teams;
  before(async () => {
    rig = await OperatorRig.start('team-plan', { membersPerTeam: 0 });
    teams = new Teams(rig.sandbox);
    await teams.create('Design guild', [bob]);
    await rig.createSecret();
    await rig.createConnector({ provisioning: { mode: 'Plan' } });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('report the planned action without sending a write', async () => {
    await rig.declare('atg/alice', { user: { email: alice }, team: { name: 'Design guild' } });
    const grant = await rig.untilReason('atg/alice', 'Planned');
    assert.equal(grant.status?.planned?.action, 'AddToTeam');
    assert.equal(grant.status?.observed?.membership, 'None');
    assert.equal(grant.status?.applied, undefined);
    assert.equal(grant.metadata.finalizers, undefined);
    await rig.deleteGrant('atg/alice');
    await rig.untilGone('atg/alice');
    assert.deepEqual(rig.writesInAsana(), []);
  });
});
