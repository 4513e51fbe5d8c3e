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

/** Declares a license grant; its license is then removed by hand so many times. */
async function fightOver(rig: GrantRig, times: number): Promise<void> {
  await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
  for (let time = 0; time < times; time += 1) {
    rig.member(1, 'view only');
    await rig.pass(700_000);
  }
}

test('a Contended grant stays Contended after a day, and is granted once requestedAt is set', async (t) => {
  const rig = await open(t);
  await fightOver(rig, 4);
  assert.equal(rig.see(LICENSE, 'g').reason, 'Contended');
  const sent = rig.changes.length;
  await rig.pass(DAY_MS + 3_600_000);
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.changes.length], ['Contended', sent]);
  await rig.annotate(LICENSE, 'g', 'requestedAt', 'now');
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.changes.length], ['Granted', sent + 1]);
});

test('drift that occurs days after three corrected drifts is corrected and counted from one again', async (t) => {
  const rig = await open(t);
  await fightOver(rig, 3);
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.see(LICENSE, 'g').status.drift?.count], ['Granted', 3]);
  await rig.pass(2 * DAY_MS);
  rig.member(1, 'view only');
  await rig.pass(700_000);
  assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.see(LICENSE, 'g').status.drift?.count], ['Granted', 1]);
});

test('a change that Asana refused is retried with another token, and not before', async (t) => {
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

test('a grant with NotTeamMember is granted once the account of the token has joined the team', async (t) => {
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

test('a license that failed with AsanaUnavailable is given once Asana answers, without a retry request', async (t) => {
  const rig = await open(t);
  rig.site.faults.add({ match: { operation: 'scimPatchUser', times: 9 }, effect: { status: 503 } });
  await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 4_000);
  assert.equal(rig.see(LICENSE, 'g').reason, 'AsanaUnavailable');
  await rig.pass(60_000);
  const { reason, status } = rig.see(LICENSE, 'g');
  assert.deepEqual([reason, status.applied?.adopted, rig.changes.length], ['Granted', false, 1]);
});

test('a creation that failed with 503 is looked for first, then sent again without a retry request', async (t) => {
  const rig = await open(t);
  rig.site.faults.add({ match: { operation: 'scimCreateUser' }, effect: { status: 503 } });
  await rig.declare('AsanaAccount', 'g', { email: 'new@acme.example' }, 5_000);
  await rig.pass(170_000);
  assert.match(rig.see('AsanaAccount', 'g').message, /^Asana did not respond to the change/);
  assert.equal(rig.changes.length, 0, 'nothing is sent again while Asana may still show the account');
  await rig.pass(90_000);
  const { reason, status } = rig.see('AsanaAccount', 'g');
  assert.deepEqual([reason, status.applied?.adopted, rig.changes.length], ['Granted', false, 1]);
});

test('a license change whose answer was lost and whose repetition got a 429 is recorded as given', async (t) => {
  const rig = await open(t);
  const fail = (after: number, effect: object) =>
    rig.site.faults.add({ match: { operation: 'scimPatchUser', after }, effect });
  fail(0, { loseResponse: true });
  fail(1, { status: 429, retryAfter: 20 });
  await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 5_000);
  const { reason, status } = rig.see(LICENSE, 'g');
  assert.deepEqual([reason, status.lastAction?.result], ['Throttled', 'Pending']);
  await rig.pass(30_000);
  const later = rig.see(LICENSE, 'g');
  assert.deepEqual(
    [later.reason, later.status.applied?.adopted, later.status.lastAction?.result, rig.changes.length],
    ['Granted', false, 'Succeeded', 1],
  );
});
