import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const MINUTE = 60_000;

/** A connector with a limit of one license, and a grant whose upgrade SCIM does not show for three minutes. */
async function openUpgrading(): Promise<GrantRig> {
  const rig = await GrantRig.open({ maxEnterpriseLicenses: 1 });
  for (let index = 0; index < 8; index += 1) rig.member(index, 'view only');
  // Waits for a reading that shows the licenses set above.
  await rig.pass(12 * MINUTE);
  rig.site.faults.add({ match: { operation: 'scimPatchUser', times: 1 }, effect: { staleForMs: 170_000 } });
  await rig.declare(LICENSE, 'first', { user: { email: rig.member(1, 'view only') } });
  assert.equal(rig.see(LICENSE, 'first').reason, 'Progressing');
  assert.deepEqual(rig.changes, ['scimPatchUser']);
  return rig;
}

suite('a pending license that Asana does not show yet', () => {
  for (const { happens, act } of [
    { happens: 'its grant was deleted', act: (rig: GrantRig) => rig.cluster.remove(LICENSE, 'iga', 'first') },
    {
      happens: 'its grant was suspended',
      act: (rig: GrantRig) => rig.cluster.edit(LICENSE, 'iga', 'first', { spec: { suspend: true } }),
    },
    {
      happens: 'its grant was abandoned and deleted',
      act: async (rig: GrantRig) => {
        const annotations = { 'asana-connector.dev/abandon': 'true' };
        await rig.cluster.edit(LICENSE, 'iga', 'first', { metadata: { annotations } });
        await rig.cluster.remove(LICENSE, 'iga', 'first');
      },
    },
  ]) {
    test(`is unavailable to another grant after a restart if ${happens} meanwhile`, async () => {
      const rig = await openUpgrading();
      await rig.restart(async () => void (await act(rig)));
      await rig.declare(LICENSE, 'second', { user: { email: rig.member(2, 'view only') } }, 10_000);
      assert.equal(rig.see(LICENSE, 'second').reason, 'LicenseLimitReached');
      assert.deepEqual(rig.changes, ['scimPatchUser']);
      await rig.close();
    });
  }

  test('of a suspended grant is available again once a later reading does not show it', async () => {
    const rig = await openUpgrading();
    const { profile } = rig.person(1);
    await rig.edit(LICENSE, 'first', { spec: { suspend: true } });
    await rig.declare(LICENSE, 'second', { user: { email: rig.member(2, 'view only') } }, 10_000);
    assert.equal(rig.see(LICENSE, 'second').reason, 'LicenseLimitReached');
    // The license is removed by hand: once that is read, nothing blocks the second grant.
    await rig.pass(4 * MINUTE);
    assert.equal(profile.license, 'enterprise');
    rig.member(1, 'view only');
    await rig.pass(25 * MINUTE);
    assert.equal(rig.see(LICENSE, 'second').reason, 'Granted');
    await rig.close();
  });

  for (const isRestarted of [false, true]) {
    const when = isRestarted ? 'while there is no leader' : 'while a process leads';
    test(`is neither lost nor counted for ever if the connector is created again ${when}`, async () => {
      const rig = await openUpgrading();
      const again = async () => {
        await rig.cluster.remove('AsanaConnector', 'iga', 'acme');
        if (!isRestarted) await rig.pass(5_000);
        await rig.connector({ maxEnterpriseLicenses: isRestarted ? 1 : 2 });
      };
      if (isRestarted) await rig.restart(again);
      else await again();
      await rig.pass(isRestarted ? 1_000 : 30 * MINUTE);
      await rig.declare(LICENSE, 'second', { user: { email: rig.member(2, 'view only') } }, 10_000);
      assert.equal(rig.see(LICENSE, 'second').reason, isRestarted ? 'LicenseLimitReached' : 'Granted');
      await rig.close();
    });
  }
});

suite('two grants that wait for one license and fail', () => {
  test('try in turns with a backoff, and neither is written again and again', async () => {
    const rig = await GrantRig.open({ maxEnterpriseLicenses: 1 });
    for (let index = 0; index < 8; index += 1) rig.member(index, 'view only');
    await rig.pass(12 * MINUTE);
    rig.site.faults.add({ match: { operation: 'scimGetUser', times: 0 }, effect: { status: 500 } });
    for (const index of [1, 2])
      await rig.declare(LICENSE, `g${index}`, { user: { email: rig.member(index, 'view only') } });
    await rig.pass(5 * MINUTE);
    for (const index of [1, 2]) {
      const writes = rig.writes.get(`${LICENSE} g${index}`) ?? 0;
      assert.ok(writes > 0 && writes <= 20, `g${index} was written ${writes} times in five minutes`);
    }
    assert.deepEqual(rig.changes, []);
    await rig.close();
  });
});
