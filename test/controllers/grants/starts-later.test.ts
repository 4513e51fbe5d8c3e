import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const HOUR = 3_600_000;

suite('an edit with a later startsAt', () => {
  test('to ensure Absent deprovisions the account only at startsAt', async () => {
    const rig = await GrantRig.open();
    await rig.declare(ACCOUNT, 'a', { email: rig.member(1, 'view only'), ensure: 'Present' });
    assert.equal(rig.see(ACCOUNT, 'a').reason, 'Granted');
    await rig.edit(ACCOUNT, 'a', { spec: { ensure: 'Absent', startsAt: rig.now(HOUR) } }, HOUR - 60_000);
    assert.equal(rig.see(ACCOUNT, 'a').reason, 'Scheduled');
    assert.deepEqual(rig.changes, []);
    await rig.pass(2 * 60_000);
    assert.equal(rig.see(ACCOUNT, 'a').reason, 'Removed');
    assert.deepEqual(rig.changes, ['scimPatchUser']);
    await rig.close();
  });

  test('leaves the license as it is until startsAt, although a younger grant declares ViewOnly', async () => {
    const rig = await GrantRig.open();
    const email = rig.member(1, 'enterprise');
    await rig.declare(LICENSE, 'old', { user: { email } });
    await rig.edit(LICENSE, 'old', { spec: { license: 'ViewOnly', startsAt: rig.now(HOUR) } });
    await rig.declare(LICENSE, 'young', { user: { email }, license: 'ViewOnly' }, HOUR / 2);
    assert.deepEqual(
      [rig.see(LICENSE, 'old').reason, rig.see(LICENSE, 'young').reason],
      ['Scheduled', 'ConflictingGrant'],
    );
    assert.deepEqual(rig.changes, []);
    await rig.pass(HOUR / 2 + 60_000);
    assert.equal(rig.see(LICENSE, 'old').reason, 'Granted');
    assert.equal(rig.person(1).profile.license, 'view only');
    await rig.close();
  });

  test('that changes nothing else leaves an applied grant Granted', async () => {
    const rig = await GrantRig.open();
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
    await rig.edit(LICENSE, 'g', { spec: { startsAt: rig.now(HOUR) } }, 10_000);
    assert.equal(rig.see(LICENSE, 'g').reason, 'Granted');
    await rig.close();
  });
});

suite('a postponed grant', () => {
  const policies = { removalDelay: '20s', maxRemovals: { percent: 0, atLeast: 1, window: '1h' } };

  test('stays in its hold, and still requires an answer when it begins', async () => {
    const rig = await GrantRig.open(policies);
    for (const index of [1, 2]) {
      const spec = { email: rig.member(index, 'view only'), ensure: 'Absent' };
      await rig.declare(ACCOUNT, `a${index}`, spec, 500);
    }
    await rig.pass(60_000);
    assert.equal(rig.see(ACCOUNT, 'a1').reason, 'RemovalsPaused');
    await rig.edit(ACCOUNT, 'a1', { spec: { startsAt: rig.now(300_000) } });
    await rig.edit(ACCOUNT, 'a2', { spec: { startsAt: rig.now(HOUR + 1_800_000) } });
    await rig.pass(2 * HOUR);
    assert.deepEqual(
      [1, 2].map((index) => rig.see(ACCOUNT, `a${index}`).reason),
      ['RemovalsPaused', 'RemovalsPaused'],
    );
    assert.deepEqual(rig.changes, []);
    await rig.close();
  });

  test('keeps its Enterprise license until it begins, also if another postponed grant is deleted', async () => {
    const rig = await GrantRig.open();
    const email = rig.member(1, 'view only');
    await rig.declare(LICENSE, 'old', { user: { email } });
    await rig.declare(LICENSE, 'young', { user: { email } }, 30_000);
    await rig.remove(LICENSE, 'old', 30_000);
    assert.equal(rig.see(LICENSE, 'young').reason, 'Granted');
    await rig.declare(LICENSE, 'third', { user: { email } }, 30_000);
    await rig.edit(LICENSE, 'third', { spec: { license: 'ViewOnly', startsAt: rig.now(HOUR) } }, 10_000);
    await rig.edit(LICENSE, 'young', { spec: { license: 'ViewOnly', startsAt: rig.now(HOUR) } }, 10_000);
    assert.equal(rig.person(1).profile.license, 'enterprise');
    await rig.remove(LICENSE, 'third', 30_000);
    assert.equal(
      rig.person(1).profile.license,
      'enterprise',
      'young keeps the license until its own edit begins',
    );
    await rig.close();
  });

  test('keeps the license of its pending upgrade reserved from other grants', async () => {
    const rig = await GrantRig.open({ maxEnterpriseLicenses: 1 });
    for (let index = 0; index < 8; index += 1) rig.member(index, 'view only');
    await rig.pass(12 * 60_000);
    rig.site.faults.add({ match: { operation: 'scimPatchUser', times: 1 }, effect: { staleForMs: 300_000 } });
    await rig.declare(LICENSE, 'first', { user: { email: rig.member(1, 'view only') } });
    await rig.edit(LICENSE, 'first', { spec: { startsAt: rig.now(HOUR) } }, 200_000);
    assert.equal(rig.see(LICENSE, 'first').reason, 'Scheduled');
    await rig.declare(LICENSE, 'second', { user: { email: rig.member(2, 'view only') } }, 30_000);
    assert.equal(rig.see(LICENSE, 'second').reason, 'LicenseLimitReached');
    await rig.close();
  });
});

for (const startsLater of [false, true]) {
  const edit = startsLater ? 'edited to ViewOnly with a later startsAt' : 'edited to ViewOnly';
  test(`a license that shows after its grant was ${edit} and deleted is revoked`, async () => {
    const rig = await GrantRig.open();
    rig.site.faults.add({ match: { operation: 'scimPatchUser', times: 1 }, effect: { staleForMs: 100_000 } });
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
    const later = startsLater ? { startsAt: rig.now(HOUR) } : {};
    await rig.edit(LICENSE, 'g', { spec: { license: 'ViewOnly', ...later } }, 10_000);
    await rig.remove(LICENSE, 'g', 10 * 60_000);
    assert.equal(rig.exists(LICENSE, 'g'), false);
    assert.equal(rig.person(1).profile.license, 'view only');
    assert.deepEqual(rig.changes, ['scimPatchUser', 'scimPatchUser']);
    await rig.close();
  });
}
