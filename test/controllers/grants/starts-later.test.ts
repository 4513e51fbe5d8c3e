import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const HOUR = 3_600_000;

suite('an edit to something that begins later', () => {
  test('deprovisions nobody before: the account that was declared is not the absence', async () => {
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

  test('leaves the license as it is until then, against a younger grant too', async () => {
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

  test('of the beginning alone moves nothing: what was applied has begun', async () => {
    const rig = await GrantRig.open();
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
    await rig.edit(LICENSE, 'g', { spec: { startsAt: rig.now(HOUR) } }, 10_000);
    assert.equal(rig.see(LICENSE, 'g').reason, 'Granted');
    await rig.close();
  });
});
