import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const MINUTE = 60_000;

/** Declares an enterprise license that ends in ten minutes, and waits until it is given. */
async function openGiven(): Promise<{ readonly rig: GrantRig; readonly email: string }> {
  const rig = await GrantRig.open();
  const email = rig.member(1, 'view only');
  await rig.declare(LICENSE, 'g', {
    user: { email },
    license: 'Enterprise',
    expiresAt: rig.now(10 * MINUTE),
  });
  assert.equal(rig.see(LICENSE, 'g').reason, 'Granted');
  return { rig, email };
}

suite('an expired grant whose access a rule keeps', () => {
  test('says so until the rule allows the removal, and then takes the license back', async () => {
    const { rig, email } = await openGiven();
    await rig.connector({ protectedUsers: [email] });
    await rig.pass(15 * MINUTE);
    const { reason, message, status } = rig.see(LICENSE, 'g');
    assert.equal(reason, 'ProtectedUser');
    assert.match(message, /The grant has expired and the access remains\./);
    assert.equal(status.applied?.license, 'Enterprise');
    assert.ok(rig.events('g').includes('Warning ProtectedUser'), rig.events('g').join());

    await rig.connector();
    await rig.pass(MINUTE);
    assert.equal(rig.see(LICENSE, 'g').reason, 'Expired');
    assert.deepEqual(rig.changes, ['scimPatchUser', 'scimPatchUser']);
    await rig.close();
  });

  for (const { by, act } of [
    {
      by: 'deletionPolicy Retain',
      act: (rig: GrantRig) => rig.edit(LICENSE, 'g', { spec: { deletionPolicy: 'Retain' } }),
    },
    { by: 'a deletion', act: (rig: GrantRig) => rig.remove(LICENSE, 'g') },
  ])
    test(`is released by ${by}, and Asana stays as it is`, async () => {
      const { rig, email } = await openGiven();
      await rig.connector({ protectedUsers: [email] });
      await rig.pass(15 * MINUTE);
      await act(rig);
      assert.ok(!rig.exists(LICENSE, 'g') || rig.see(LICENSE, 'g').reason === 'Expired');
      assert.equal(rig.audited().filter((line) => line.startsWith('Release')).length, 1);
      assert.equal(rig.person(1).profile.license, 'enterprise');
      await rig.close();
    });

  test('is an AsanaAccount that allowDeprovision does not let go', async () => {
    const rig = await GrantRig.open();
    await rig.declare(ACCOUNT, 'a', {
      email: 'contractor@acme.example',
      deletionPolicy: 'Revoke',
      expiresAt: rig.now(10 * MINUTE),
    });
    assert.equal(rig.see(ACCOUNT, 'a').reason, 'Granted');
    await rig.connector({ allowDeprovision: false });
    await rig.pass(15 * MINUTE);
    assert.equal(rig.see(ACCOUNT, 'a').reason, 'DeprovisionNotAllowed');

    await rig.connector();
    await rig.pass(MINUTE);
    assert.equal(rig.see(ACCOUNT, 'a').reason, 'Expired');
    assert.deepEqual(rig.changes, ['scimCreateUser', 'scimPatchUser']);
    await rig.close();
  });
});
