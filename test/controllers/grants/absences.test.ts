import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const MINUTE = 60_000;

suite('a request to deprovision an account that was activated again', () => {
  for (const word of ['requestedAt', 'an edit']) {
    test(`by ${word} is carried out once a rule that refuses it at first allows it`, async () => {
      const rig = await GrantRig.open();
      const email = rig.member(1, 'view only');
      await rig.declare(ACCOUNT, 'a', { email, ensure: 'Absent' }, 20_000);
      rig.site.directory.change(rig.person(1), { active: true });
      await rig.pass(15 * MINUTE);
      assert.equal(rig.see(ACCOUNT, 'a').reason, 'Contended');

      await rig.declare(LICENSE, 'l', { user: { email }, license: 'ViewOnly' }, 10_000);
      if (word === 'an edit') await rig.edit(ACCOUNT, 'a', { spec: { reason: 'again' } }, 10_000);
      else await rig.annotate(ACCOUNT, 'a', 'requestedAt', 'again', 10_000);
      assert.equal(rig.see(ACCOUNT, 'a').reason, 'StillDeclared');

      await rig.remove(LICENSE, 'l', MINUTE);
      assert.equal(rig.see(ACCOUNT, 'a').reason, 'Removed');
      assert.deepEqual(rig.changes, ['scimPatchUser', 'scimPatchUser']);
      await rig.close();
    });
  }
});

test('a request answered in mode Plan does not deprovision an account that is activated again later', async () => {
  const rig = await GrantRig.open();
  const email = rig.member(1, 'view only');
  await rig.declare(ACCOUNT, 'a', { email, ensure: 'Absent' }, 20_000);
  await rig.connector({ mode: 'Plan' });
  await rig.annotate(ACCOUNT, 'a', 'requestedAt', 'again', MINUTE);
  assert.equal(rig.see(ACCOUNT, 'a').reason, 'Removed');
  rig.site.directory.change(rig.person(1), { active: true });
  await rig.pass(15 * MINUTE);
  await rig.connector();
  await rig.pass(15 * MINUTE);
  assert.equal(rig.see(ACCOUNT, 'a').reason, 'Contended');
  assert.deepEqual(rig.changes, ['scimPatchUser']);
  await rig.close();
});

suite('a planned action', () => {
  test('is removed from the status by a decision that refuses it', async () => {
    const rig = await GrantRig.open({ mode: 'Plan' });
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
    assert.equal(rig.see(LICENSE, 'g').status.planned?.action, 'GrantEnterprise');
    await rig.connector({ mode: 'Plan', maxDuration: '1h' });
    await rig.pass(MINUTE);
    const { reason, status } = rig.see(LICENSE, 'g');
    assert.deepEqual([reason, status.planned], ['DurationTooLong', undefined]);
    await rig.close();
  });
});

suite('a person who joins after the last sync', () => {
  const joiner = { user: { email: 'p1@acme.example' }, license: 'Enterprise' };

  test('gets the license of a grant that is created then, without another sync', async () => {
    const rig = await GrantRig.open();
    rig.member(1, 'view only');
    rig.site.directory.change(rig.person(1), { active: false });
    await rig.pass(15 * MINUTE);
    rig.site.directory.change(rig.person(1), { active: true });
    await rig.declare(LICENSE, 'g', joiner);
    assert.deepEqual(rig.told(LICENSE, 'g').at(-1), 'Granted');
    assert.deepEqual(rig.changes, ['scimPatchUser']);
    await rig.close();
  });

  test('gets the license of a grant that waits for the person once that is requested', async () => {
    const rig = await GrantRig.open();
    rig.member(1, 'view only');
    rig.site.directory.change(rig.person(1), { active: false });
    await rig.declare(LICENSE, 'g', joiner);
    assert.equal(rig.see(LICENSE, 'g').reason, 'UserNotFound');
    await rig.pass(11 * MINUTE);
    rig.site.directory.change(rig.person(1), { active: true });
    await rig.pass(5_000);
    assert.equal(rig.see(LICENSE, 'g').reason, 'UserNotFound');
    await rig.annotate(LICENSE, 'g', 'requestedAt', 'now');
    assert.equal(rig.see(LICENSE, 'g').reason, 'Granted');
    await rig.close();
  });
});
