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

/** Returns when the last sync of the connector ended. */
function syncedAt(rig: GrantRig): string | undefined {
  const { sync } = rig.see('AsanaConnector', 'acme').status as { sync?: { completedAt?: string } };
  return sync?.completedAt;
}

suite('a license that Asana shows late, and whose grant is deleted', () => {
  test('is awaited and revoked if it shows more than a minute after the change', async (t) => {
    const rig = await open(t);
    showLate(rig, 'scimPatchUser', 100_000);
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 3_000);
    await rig.remove(LICENSE, 'g', 90_000);
    assert.equal(rig.see(LICENSE, 'g').reason, 'Progressing', 'the grant is not released before it shows');
    await rig.pass(210_000);
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });

  test('is revoked after a suspension of the connector, on a reading from before it', async (t) => {
    const rig = await open(t);
    showLate(rig, 'scimPatchUser', 20_000);
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 3_000);
    await rig.connector({}, { suspend: true });
    await rig.remove(LICENSE, 'g', 300_000);
    const read = syncedAt(rig);
    assert.ok(read);
    rig.site.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { delayMs: 120_000 } });
    await rig.connector({}, { suspend: false });
    await rig.pass(60_000);
    assert.equal(syncedAt(rig), read, 'no sync has ended since the suspension');
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });

  test('is revoked if the change was given up as LicenseNotAccepted', async (t) => {
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

suite('an upgrade directly after a creation', () => {
  for (const [what, change, license] of [
    ['is revoked if its grant is deleted', (rig: GrantRig) => rig.remove(LICENSE, 'g', 60_000), 'view only'],
    [
      'is revoked if its grant is edited to ViewOnly',
      (rig: GrantRig) => rig.edit(LICENSE, 'g', { spec: { license: 'ViewOnly' } }, 60_000),
      'view only',
    ],
    [
      'is recorded as given if its grant is edited',
      (rig: GrantRig) => rig.edit(LICENSE, 'g', { spec: { reason: 'JIRA-1' } }, 60_000),
      'enterprise',
    ],
  ] as const)
    test(`${what} before Asana has answered`, async (t) => {
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

test('an account that shows only in mode Plan is recorded as given, and deprovisioned with its grant', async (t) => {
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

test('an account edited to ensure Absent while its creation is pending is removed once it shows', async (t) => {
  const rig = await open(t);
  showLate(rig, 'scimCreateUser', 30_000);
  await rig.declare(ACCOUNT, 'g', { email: NEW, ensure: 'Present' }, 3_000);
  await rig.edit(ACCOUNT, 'g', { spec: { ensure: 'Absent' } }, 3_000);
  assert.equal(rig.see(ACCOUNT, 'g').reason, 'Progressing');
  await rig.pass(300_000);
  assert.equal(rig.see(ACCOUNT, 'g').reason, 'Removed');
  assert.equal(rig.site.directory.personByEmail(NEW)?.profile.active, false);
});

test('a deleted grant warns of the account that it created if that shows without the license', async (t) => {
  const rig = await open(t);
  showLate(rig, 'scimCreateUser', 12_000);
  await rig.declare(LICENSE, 'g', { user: { email: NEW }, onMissingAccount: 'Create' }, 3_000);
  await rig.remove(LICENSE, 'g', 60_000);
  assert.ok(!rig.exists(LICENSE, 'g'));
  assert.ok(rig.events('g').includes('Warning Released'), rig.events('g').join());
  const released = rig.cluster.events().find(({ reason }) => reason === 'Released');
  assert.match(released?.note ?? '', /it created or invited the account, which is kept/);
  assert.equal(rig.site.directory.personByEmail(NEW)?.profile.active, true);
});

suite('a license change that got no answer, and whose repetitions fail', () => {
  const lose = (rig: GrantRig, operation: string) => {
    const fail = (after: number, times: number, effect: object) =>
      rig.site.faults.add({ match: { operation, after, times }, effect });
    fail(0, 1, { loseResponse: true, staleForMs: 40_000 });
    fail(1, 3, { status: 503 });
    fail(4, 1, { status: 429, retryAfter: 20 });
  };

  test('is recorded as given once it shows', async (t) => {
    const rig = await open(t);
    lose(rig, 'scimPatchUser');
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 90_000);
    const { reason, status } = rig.see(LICENSE, 'g');
    assert.deepEqual([reason, status.applied?.adopted], ['Granted', false]);
  });

  test('is revoked if its grant is deleted meanwhile', async (t) => {
    const rig = await open(t);
    lose(rig, 'scimPatchUser');
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 12_000);
    await rig.remove(LICENSE, 'g', 300_000);
    assert.ok(!rig.exists(LICENSE, 'g'));
    assert.equal(rig.person(1).profile.license, 'view only');
  });
});

suite('the last available license', () => {
  test('stays reserved for an upgrade that was given up until the licenses are read again', async (t) => {
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
    // Somebody revokes by hand what Asana has not shown.
    rig.member(1, 'view only');
    await rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'again', 30_000);
    assert.equal(rig.see(LICENSE, 'other').reason, 'Granted', rig.see(LICENSE, 'other').message);
    assert.equal(rig.person(2).profile.license, 'enterprise');
  });
});
