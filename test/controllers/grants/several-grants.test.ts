import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig, ORGANIZATION } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const HOUR = 3_600_000;

/** Declares an account, which its object creates, and a license that keeps the account from being deprovisioned. */
async function declareBoth(rig: GrantRig): Promise<string> {
  const email = 'new@acme.example';
  await rig.declare(ACCOUNT, 'account', { email, ensure: 'Present', deletionPolicy: 'Revoke' }, 10_000);
  await rig.declare(LICENSE, 'license', { user: { email }, license: 'ViewOnly' });
  return email;
}

suite('a right that another grant of the person declares', () => {
  for (const [because, skewMs, reason] of [
    ['an hour ahead of the clock of Asana', -HOUR, 'ClockSkew'],
    ['half a minute ahead of the clock of Asana', -30_000, 'StillDeclared'],
  ] as const)
    test(`does not end early by a local clock that is ${because}`, async () => {
      const rig = await GrantRig.open();
      const email = rig.member(1, 'enterprise');
      await rig.declare(LICENSE, 'works', { user: { email }, expiresAt: rig.now(60_000) });
      await rig.declare(ACCOUNT, 'leaves', { email, ensure: 'Absent' });
      assert.equal(rig.see(ACCOUNT, 'leaves').reason, 'StillDeclared');
      rig.site.time.skewMs = skewMs;
      await rig.pass(61_000);
      await rig.annotate(ACCOUNT, 'leaves', 'requestedAt', 'now', 4_000);
      assert.ok(
        !rig.changes.includes('scimPatchUser') && rig.person(1).profile.active,
        'nobody has been deprovisioned',
      );
      assert.equal(rig.see(ACCOUNT, 'leaves').reason, reason);
      rig.site.time.skewMs = 0;
      await rig.pass(120_000);
      assert.equal(rig.see(ACCOUNT, 'leaves').reason, 'Removed', 'the clocks agree that it has ended');
      assert.deepEqual(rig.broken, []);
      await rig.close();
    });

  test('is checked again before a deleted grant is released because of it, so both can be deleted together', async () => {
    const rig = await GrantRig.open({ removalDelay: '5s' });
    const email = await declareBoth(rig);
    assert.equal(rig.see(LICENSE, 'license').reason, 'Granted', rig.see(LICENSE, 'license').message);
    await rig.remove(ACCOUNT, 'account', 500);
    assert.ok(rig.exists(ACCOUNT, 'account'), 'the license grant may be deleted next');
    await rig.remove(LICENSE, 'license', 30_000);
    assert.equal(
      rig.site.directory.personByEmail(email)?.profile.active,
      false,
      'the account is deprovisioned',
    );
    assert.ok(!rig.exists(ACCOUNT, 'account'));
    await rig.close();
  });

  test('causes a deleted account grant to be released with a Warning if it stays declared', async () => {
    const rig = await GrantRig.open({ removalDelay: '1h' });
    const email = await declareBoth(rig);
    await rig.remove(ACCOUNT, 'account', 15_000);
    assert.ok(!rig.exists(ACCOUNT, 'account'));
    assert.ok(rig.events('account').includes('Warning Released'));
    assert.equal(rig.site.directory.personByEmail(email)?.profile.active, true);
    await rig.close();
  });
});

suite('an account that expires before the other grants of the person', () => {
  test('waits for them, and is deprovisioned once they have ended', async () => {
    const rig = await GrantRig.open();
    const email = 'new@acme.example';
    const ends = { deletionPolicy: 'Revoke', expiresAt: rig.now(120_000) };
    await rig.declare(ACCOUNT, 'account', { email, ensure: 'Present', ...ends }, 10_000);
    const later = { expiresAt: rig.now(140_000) };
    await rig.declare(LICENSE, 'license', { user: { email }, license: 'ViewOnly', ...later });
    await rig.pass(125_000 - 13_000);
    assert.equal(rig.see(ACCOUNT, 'account').reason, 'StillDeclared');
    assert.equal(rig.site.directory.personByEmail(email)?.profile.active, true);
    await rig.pass(60_000);
    assert.equal(rig.see(ACCOUNT, 'account').reason, 'Expired');
    assert.equal(
      rig.site.directory.personByEmail(email)?.profile.active,
      false,
      'the account is deprovisioned',
    );
    assert.deepEqual(rig.broken, []);
    await rig.close();
  });
});

suite('an object that is renamed', () => {
  test('hands over its created account during a restart, also with deletionPolicy Retain', async () => {
    const rig = await GrantRig.open();
    const email = 'new@acme.example';
    await rig.declare(ACCOUNT, 'old', { email, ensure: 'Present' }, 10_000);
    await rig.restart(async () => {
      await rig.declare(ACCOUNT, 'new', { email, ensure: 'Present' }, 0);
      await rig.remove(ACCOUNT, 'old', 0);
    });
    assert.ok(!rig.exists(ACCOUNT, 'old'));
    const { reason, status } = rig.see(ACCOUNT, 'new');
    assert.deepEqual([reason, status.applied?.adopted], ['Granted', false]);
    await rig.close();
  });

  test('hands over its created account, also with deletionPolicy Retain', async () => {
    const rig = await GrantRig.open();
    const email = 'new@acme.example';
    await rig.declare(ACCOUNT, 'old', { email, ensure: 'Present' }, 10_000);
    assert.equal(rig.see(ACCOUNT, 'old').status.applied?.adopted, false);
    await rig.declare(ACCOUNT, 'new', { email, ensure: 'Present' });
    assert.equal(rig.see(ACCOUNT, 'new').reason, 'ConflictingGrant');
    await rig.remove(ACCOUNT, 'old', 10_000);
    assert.ok(!rig.exists(ACCOUNT, 'old'));
    const { reason, status } = rig.see(ACCOUNT, 'new');
    assert.deepEqual([reason, status.applied?.adopted], ['Granted', false]);
    await rig.close();
  });
});

suite('an account without spec.workspace', () => {
  test('is created in defaultWorkspace once that is corrected, and ignores later changes of it', async () => {
    const rig = await GrantRig.open({}, { defaultWorkspace: '999' });
    await rig.declare(ACCOUNT, 'new', { email: 'new@acme.example', ensure: 'Present' });
    assert.equal(rig.see(ACCOUNT, 'new').reason, 'WorkspaceNotFound');
    await rig.connector({}, { defaultWorkspace: ORGANIZATION });
    await rig.pass(30_000);
    const { reason, message, status } = rig.see(ACCOUNT, 'new');
    assert.equal(reason, 'Granted', message);
    assert.equal(status.workspace, ORGANIZATION);
    await rig.connector({}, { defaultWorkspace: '999' });
    await rig.annotate(ACCOUNT, 'new', 'requestedAt', 'now', 30_000);
    const later = rig.see(ACCOUNT, 'new');
    assert.deepEqual(
      [later.reason, later.status.workspace, later.status.lastHandledReconcileAt],
      ['Granted', ORGANIZATION, 'now'],
      later.message,
    );
    await rig.close();
  });
});

suite('expiries that an edit advances', () => {
  test('count towards maxRemovals from the first decision, so nothing is removed above the limit', async () => {
    const limits = { maxRemovals: { percent: 20, atLeast: 1, window: '1h' } };
    const rig = await GrantRig.open(limits);
    const names = [1, 2, 3, 4];
    for (const index of names) {
      const spec = { user: { email: rig.member(index, 'view only') }, expiresAt: rig.now(86_400_000) };
      await rig.declare(LICENSE, `g${index}`, { ...spec, deletionPolicy: 'Revoke' }, 0);
    }
    await rig.pass(30_000);
    const spec = { expiresAt: rig.now(-1_000) };
    for (const index of names) await rig.edit(LICENSE, `g${index}`, { spec }, 0);
    await rig.pass(120_000);
    const left = names.filter((index) => rig.person(index).profile.license === 'enterprise');
    assert.deepEqual(left, names, 'above the limit, no license is revoked');
    assert.equal(rig.see(LICENSE, 'g4').reason, 'RemovalsPaused');
    await rig.close();
  });
});
