import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig, ORGANIZATION } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const ACCOUNT = 'AsanaAccount';
const NEW = 'new@acme.example';

/** Delays the answer to the next request of an operation; the change itself is made at once. */
function slow(rig: GrantRig, operation: string, delayMs: number): void {
  rig.site.faults.add({ match: { operation, times: 1 }, effect: { delayMs } });
}

suite('a license that is given while its connector is stopped', () => {
  for (const [what, stop] of [
    ['is suspended', (rig: GrantRig) => rig.connector({}, { suspend: true })],
    ['changes to mode Plan', (rig: GrantRig) => rig.connector({ mode: 'Plan' })],
  ] as const)
    test(`is recorded as given, and later revoked, if the connector ${what}`, async () => {
      const rig = await GrantRig.open();
      const email = rig.member(1, 'view only');
      slow(rig, 'scimPatchUser', 5_000);
      await rig.declare(LICENSE, 'g', { user: { email } }, 2_000);
      await stop(rig);
      await rig.pass(10_000);
      assert.equal(rig.person(1).profile.license, 'enterprise');
      const { applied, lastAction } = rig.see(LICENSE, 'g').status;
      assert.deepEqual(
        [lastAction?.result, applied?.license, applied?.adopted],
        ['Succeeded', 'Enterprise', false],
      );
      await rig.connector();
      await rig.remove(LICENSE, 'g', 30_000);
      assert.equal(
        rig.person(1).profile.license,
        'view only',
        'the license is revoked when its grant is deleted',
      );
      assert.deepEqual(rig.broken, []);
      await rig.close();
    });
});

test('an account that is created while its connector is suspended is recorded as created, with its gid', async () => {
  const rig = await GrantRig.open();
  slow(rig, 'scimCreateUser', 5_000);
  await rig.declare(ACCOUNT, 'g', { email: NEW }, 2_000);
  await rig.connector({}, { suspend: true });
  await rig.pass(10_000);
  const { reason, status } = rig.see(ACCOUNT, 'g');
  const { gid } = rig.site.directory.personByEmail(NEW) ?? {};
  assert.deepEqual(
    [reason, status.applied?.adopted, status.created?.gid, status.user?.gid],
    ['Suspended', false, gid, gid],
  );
  await rig.close();
});

suite('an edit that reverses a change already sent', () => {
  test('restores a license that the change revoked, and shows Granted only then', async () => {
    const rig = await GrantRig.open();
    const email = rig.member(1, 'view only');
    /** The licenses in Asana while the status shows Granted. */
    const whileGranted = new Set<string>();
    rig.cluster.onWrite(() => {
      if (rig.see(LICENSE, 'g').reason === 'Granted') whileGranted.add(rig.person(1).profile.license);
    });
    await rig.declare(LICENSE, 'g', { user: { email } });
    slow(rig, 'scimPatchUser', 20_000);
    await rig.edit(LICENSE, 'g', { spec: { license: 'ViewOnly' } }, 2_000);
    assert.equal(rig.person(1).profile.license, 'view only', 'the license has been revoked');
    await rig.edit(LICENSE, 'g', { spec: { license: 'Enterprise' } }, 60_000);
    assert.deepEqual(
      [rig.see(LICENSE, 'g').reason, rig.person(1).profile.license],
      ['Granted', 'enterprise'],
      rig.see(LICENSE, 'g').message,
    );
    assert.deepEqual([...whileGranted], ['enterprise']);
    await rig.close();
  });

  test('revokes an upgrade, and gives its license to another grant only afterwards', async () => {
    const rig = await GrantRig.open({ maxEnterpriseLicenses: 1 });
    for (let index = 0; index < 8; index += 1) rig.member(index, 'view only');
    const annotations = { 'asana-connector.dev/requestedAt': 'now' };
    await rig.cluster.edit('AsanaConnector', 'iga', 'acme', { metadata: { annotations } });
    await rig.pass(20_000);
    slow(rig, 'scimPatchUser', 20_000);
    const holders = () => [1, 2].filter((index) => rig.person(index).profile.license === 'enterprise');
    const afterEachChange: number[][] = [];
    rig.onChange = () => void afterEachChange.push(holders());
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 2_000);
    await rig.edit(LICENSE, 'g', { spec: { license: 'ViewOnly' } }, 1_000);
    await rig.declare(LICENSE, 'h', { user: { email: rig.member(2, 'view only') } }, 240_000);
    assert.deepEqual(afterEachChange, [[1], [], [2]]);
    assert.deepEqual([rig.see(LICENSE, 'g').reason, rig.see(LICENSE, 'h').reason], ['Granted', 'Granted']);
    await rig.close();
  });
});

suite('an account whose creation is not recorded yet', () => {
  test('is handed over as created to an object that replaces its own', async () => {
    const rig = await GrantRig.open();
    const spec = { email: NEW, ensure: 'Present', deletionPolicy: 'Revoke', workspace: ORGANIZATION };
    slow(rig, 'scimCreateUser', 5_000);
    await rig.declare(ACCOUNT, 'old', spec, 2_000);
    await rig.declare(ACCOUNT, 'new', spec, 0);
    await rig.remove(ACCOUNT, 'old', 60_000);
    const { applied } = rig.see(ACCOUNT, 'new').status;
    assert.deepEqual([rig.exists(ACCOUNT, 'old'), applied?.adopted], [false, false]);
    await rig.remove(ACCOUNT, 'new', 60_000);
    assert.equal(rig.site.directory.personByEmail(NEW)?.profile.active, false);
    await rig.close();
  });
});

suite('an edit to an expiresAt that has passed by the local clock only', () => {
  test('is observed while the grant waits for the clock of Asana, and expires the grant then', async () => {
    const rig = await GrantRig.open();
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
    rig.site.time.skewMs = -20_000;
    await rig.edit(LICENSE, 'g', { spec: { expiresAt: rig.now(-1_000) } }, 5_000);
    const { reason, message, status } = rig.see(LICENSE, 'g');
    assert.deepEqual([status.observedGeneration, reason], [2, 'Progressing']);
    assert.match(message, /^According to the clock of Asana, it is not time yet\. .* in \d+ s\./);
    await rig.pass(30_000);
    assert.equal(rig.see(LICENSE, 'g').reason, 'Expired');
    assert.deepEqual(rig.broken, []);
    await rig.close();
  });
});
