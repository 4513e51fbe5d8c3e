import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const TEAM = 'AsanaTeamGrant';
const DAY_MS = 24 * 3_600_000;

async function open(t: TestContext): Promise<GrantRig> {
  const rig = await GrantRig.open();
  t.after(() => rig.close());
  return rig;
}

/** A grant whose license somebody else takes away so many times. */
async function fightOver(rig: GrantRig, times: number): Promise<void> {
  await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
  for (let time = 0; time < times; time += 1) {
    rig.member(1, 'view only');
    await rig.pass(700_000);
  }
}

test('a grant that is Contended stays so after a day, until somebody asks for another try', async (t) => {
  const rig = await open(t);
  await fightOver(rig, 4);
  assert.equal(rig.see(LICENSE, 'g').reason, 'Contended');
  const sent = rig.changes.length;
  await rig.pass(DAY_MS + 3_600_000);
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.changes.length], ['Contended', sent]);
  await rig.annotate(LICENSE, 'g', 'requestedAt', 'now');
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.changes.length], ['Granted', sent + 1]);
});

test('a change that comes days after three that were set back is set back too', async (t) => {
  const rig = await open(t);
  await fightOver(rig, 3);
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.see(LICENSE, 'g').status.drift?.count], ['Granted', 3]);
  await rig.pass(2 * DAY_MS);
  rig.member(1, 'view only');
  await rig.pass(700_000);
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.see(LICENSE, 'g').status.drift?.count], ['Granted', 1]);
});

test('what Asana refused is tried again with other credentials, and not before', async (t) => {
  const rig = await open(t);
  rig.site.faults.add({ match: { operation: 'scimPatchUser' }, effect: { status: 403 } });
  await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
  assert.equal(rig.see(LICENSE, 'g').reason, 'AsanaRefused');
  rig.site.faults.clear();
  await rig.pass(1_300_000);
  assert.equal(rig.see(LICENSE, 'g').reason, 'AsanaRefused');
  rig.rotateToken();
  await rig.pass(700_000);
  assert.equal(rig.see(LICENSE, 'g').reason, 'Granted');
});

test('a team that only its members may change is tried again once the account of the token is in it', async (t) => {
  const rig = await open(t);
  const { directory, organization, settings } = rig.site;
  settings.serviceAccountNeedsTeam = true;
  const team = directory.addTeam(organization, { name: 'Closed', description: '', visibility: 'secret' });
  await rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'now', 10_000);
  await rig.declare(TEAM, 'g', { user: { email: rig.member(1, 'enterprise') }, team: { gid: team.gid } });
  assert.equal(rig.see(TEAM, 'g').reason, 'NotTeamMember');
  rig.member(2, 'enterprise');
  await rig.pass(1_300_000);
  assert.equal(rig.see(TEAM, 'g').reason, 'NotTeamMember');
  const self = directory.personByEmail('governance@acme.service');
  assert.ok(self);
  directory.joinTeam(self, team);
  await rig.pass(1_300_000);
  assert.equal(rig.see(TEAM, 'g').reason, 'Granted');
});
