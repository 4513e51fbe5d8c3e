import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const NEW = 'new@acme.example';

async function open(t: TestContext): Promise<GrantRig> {
  const rig = await GrantRig.open();
  t.after(() => rig.close());
  return rig;
}

/** Delays the next change of an operation in what Asana shows; the change itself is made at once. */
function showLate(rig: GrantRig, operation: string, staleForMs: number): void {
  rig.site.faults.add({ match: { operation, times: 1 }, effect: { staleForMs } });
}

/** Delays the answer to the next change of an operation; the change itself is made at once. */
function answerLate(rig: GrantRig, operation: string, delayMs: number): void {
  rig.site.faults.add({ match: { operation, times: 1 }, effect: { delayMs } });
}

suite('what was sent for before its grant ended, and shows after the look of a minute', () => {
  test('is taken back when three minutes have passed', async (t) => {
    const rig = await open(t);
    showLate(rig, 'scimPatchUser', 100_000);
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 3_000);
    await rig.remove(LICENSE, 'g', 300_000);
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });

  test('is taken back after a suspension, though the reading is of before it', async (t) => {
    const rig = await open(t);
    showLate(rig, 'scimPatchUser', 20_000);
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 3_000);
    await rig.connector({}, { suspend: true });
    await rig.remove(LICENSE, 'g', 300_000);
    await rig.connector({}, { suspend: false });
    await rig.pass(60_000);
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });

  test('is taken back where it was given up', async (t) => {
    const rig = await open(t);
    showLate(rig, 'scimPatchUser', 300_000);
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 290_000);
    assert.equal(rig.see(LICENSE, 'g').reason, 'LicenseNotAccepted');
    await rig.pass(30_000);
    await rig.remove(LICENSE, 'g', 60_000);
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });
});

suite('an upgrade that follows a creation in one breath', () => {
  for (const [what, change, license] of [
    [
      'is taken back where its object is deleted',
      (rig: GrantRig) => rig.remove(LICENSE, 'g', 60_000),
      'view only',
    ],
    [
      'is taken back where its object is edited to ViewOnly',
      (rig: GrantRig) => rig.edit(LICENSE, 'g', { spec: { license: 'ViewOnly' } }, 60_000),
      'view only',
    ],
    [
      'is on record as given where its object is edited',
      (rig: GrantRig) => rig.edit(LICENSE, 'g', { spec: { reason: 'JIRA-1' } }, 60_000),
      'enterprise',
    ],
  ] as const)
    test(`${what} while Asana is waited for`, async (t) => {
      const rig = await open(t);
      answerLate(rig, 'scimPatchUser', 15_000);
      await rig.declare(LICENSE, 'g', { user: { email: NEW }, onMissingAccount: 'Create' }, 3_000);
      await change(rig);
      const there = rig.exists(LICENSE, 'g') ? rig.see(LICENSE, 'g') : null;
      assert.deepEqual(
        [rig.site.directory.personByEmail(NEW)?.profile.license, there?.reason ?? 'Granted'],
        [license, 'Granted'],
      );
      assert.notEqual(there?.status.applied?.adopted, true);
      assert.deepEqual(rig.broken, []);
    });
});

test('what shows in mode Plan was given all the same, and is taken back in the end', async (t) => {
  const rig = await open(t);
  showLate(rig, 'scimCreateUser', 60_000);
  await rig.declare(ACCOUNT, 'g', { email: NEW, deletionPolicy: 'Revoke' }, 3_000);
  await rig.connector({ mode: 'Plan' });
  await rig.pass(720_000);
  assert.equal(rig.see(ACCOUNT, 'g').status.applied?.adopted, false);
  await rig.connector({ mode: 'Apply' });
  await rig.pass(20_000);
  assert.ok(!rig.events('g').includes('Normal Adopted'));
  await rig.remove(ACCOUNT, 'g', 120_000);
  assert.equal(rig.site.directory.personByEmail(NEW)?.profile.active, false);
});

test('an account whose creation is under way is awaited where it is to be absent, and removed', async (t) => {
  const rig = await open(t);
  showLate(rig, 'scimCreateUser', 30_000);
  await rig.declare(ACCOUNT, 'g', { email: NEW, ensure: 'Present' }, 3_000);
  await rig.edit(ACCOUNT, 'g', { spec: { ensure: 'Absent' } }, 3_000);
  assert.equal(rig.see(ACCOUNT, 'g').reason, 'Progressing');
  await rig.pass(300_000);
  assert.equal(rig.see(ACCOUNT, 'g').reason, 'Removed');
  assert.equal(rig.site.directory.personByEmail(NEW)?.profile.active, false);
});

test('a deleted grant whose account shows without the license is let go, and says that it created the account', async (t) => {
  const rig = await open(t);
  showLate(rig, 'scimCreateUser', 12_000);
  await rig.declare(LICENSE, 'g', { user: { email: NEW }, onMissingAccount: 'Create' }, 3_000);
  await rig.remove(LICENSE, 'g', 60_000);
  assert.ok(!rig.exists(LICENSE, 'g'));
  assert.ok(rig.events('g').includes('Warning Released'), rig.events('g').join());
  assert.equal(rig.site.directory.personByEmail(NEW)?.profile.active, true);
});

suite('a change that was not answered, and whose repetition Asana refuses', () => {
  const lose = (rig: GrantRig, operation: string) => {
    const fail = (after: number, times: number, effect: object) =>
      rig.site.faults.add({ match: { operation, after, times }, effect });
    fail(0, 1, { loseResponse: true, staleForMs: 40_000 });
    fail(1, 3, { status: 503 });
    fail(4, 1, { status: 429, retryAfter: 20 });
  };

  test('is on record as given once it shows', async (t) => {
    const rig = await open(t);
    lose(rig, 'scimPatchUser');
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 90_000);
    const { reason, status } = rig.see(LICENSE, 'g');
    assert.deepEqual([reason, status.applied?.adopted], ['Granted', false]);
  });

  test('is taken back where its grant is deleted meanwhile', async (t) => {
    const rig = await open(t);
    lose(rig, 'scimPatchUser');
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 12_000);
    await rig.remove(LICENSE, 'g', 300_000);
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });
});

suite('the last license', () => {
  test('stays with an upgrade that was given up, until the licenses have been read again', async (t) => {
    const rig = await GrantRig.open({ maxEnterpriseLicenses: 1 });
    t.after(() => rig.close());
    for (let index = 0; index < 8; index += 1) rig.member(index, 'view only');
    await rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'now', 10_000);
    showLate(rig, 'scimPatchUser', 300_000);
    await rig.declare(LICENSE, 'one', { user: { email: rig.person(1).profile.email } }, 3_000);
    await rig.declare(LICENSE, 'other', { user: { email: rig.person(2).profile.email } }, 200_000);
    assert.deepEqual(
      [rig.see(LICENSE, 'one').reason, rig.see(LICENSE, 'other').reason],
      ['LicenseNotAccepted', 'LicenseLimitReached'],
    );
    assert.equal(rig.person(2).profile.license, 'view only');
  });
});
