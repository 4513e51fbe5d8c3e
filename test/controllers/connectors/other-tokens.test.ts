import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GrantRig } from '../grants/grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';

/** Rotates a connector's token and requests a sync, which reads the Secret again and takes half a minute. */
async function openRotated(t: TestContext, prepare: (rig: GrantRig) => Promise<void>): Promise<GrantRig> {
  const rig = await GrantRig.open();
  t.after(() => rig.close());
  await prepare(rig);
  rig.site.faults.add({ match: { operation: 'getUsers', times: 0 }, effect: { delayMs: 30_000 } });
  rig.rotateToken();
  rig.changes.length = 0;
  await rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'after the rotation');
  return rig;
}

test('access is neither given nor removed with a new token before a sync has confirmed the token', async (t) => {
  const rig = await openRotated(t, (opened) =>
    opened.declare(LICENSE, 'leaves', { user: { email: opened.member(1, 'view only') } }),
  );
  await rig.declare(LICENSE, 'comes', { user: { email: rig.member(2, 'view only') } });
  await rig.remove(LICENSE, 'leaves');
  assert.deepEqual(rig.changes, []);
  for (const name of ['comes', 'leaves']) {
    const { reason, message } = rig.see(LICENSE, name);
    assert.equal(reason, 'ConnectorNotReady');
    assert.match(
      message,
      /^The credentials changed\. Nothing is changed in Asana until a sync has confirmed/,
    );
  }
  await rig.pass(60_000);
  assert.equal(rig.see(LICENSE, 'comes').reason, 'Granted');
  assert.deepEqual([rig.exists(LICENSE, 'leaves'), rig.changes.length], [false, 2]);
});

test('a removal whose delay has passed is not sent with a new token before a sync has confirmed it', async (t) => {
  const rig = await openRotated(t, async (opened) => {
    await opened.declare(LICENSE, 'leaves', { user: { email: opened.member(1, 'view only') } });
    await opened.edit('AsanaConnector', 'acme', { spec: { provisioning: { removalDelay: '10s' } } });
    await opened.remove(LICENSE, 'leaves');
  });
  await rig.pass(15_000);
  assert.deepEqual([rig.exists(LICENSE, 'leaves'), rig.changes], [true, []]);
  await rig.pass(60_000);
  assert.deepEqual([rig.exists(LICENSE, 'leaves'), rig.changes.length], [false, 1]);
});
