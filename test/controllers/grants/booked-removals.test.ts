import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AsanaConnectorStatus } from '../../../src/api/asana-connector.ts';
import { GrantRig } from './grant-rig.ts';

const ACCOUNT = 'AsanaAccount';

test('a removal whose window ends between booking and sending is booked in the next one before it is sent', async () => {
  const policies = { maxRemovals: { percent: 0, atLeast: 5, window: '1m' }, maxDeprovisions: 2 };
  const rig = await GrantRig.open(policies);
  const windowOf = () => {
    const { status } = rig.cluster.object('AsanaConnector', 'iga', 'acme') as {
      status?: AsanaConnectorStatus;
    };
    return status?.removals;
  };
  await rig.declare(ACCOUNT, 'first', { email: rig.member(1, 'view only'), ensure: 'Absent' }, 42_000);
  const firstWindow = windowOf()?.windowStartedAt;
  assert.deepEqual(rig.changes, ['scimPatchUser']);

  // Booked 42 s after the window began; the read before the change lasts until the window has ended.
  rig.site.faults.add({ match: { method: 'GET', times: 1 }, effect: { delayMs: 40_000 } });
  await rig.declare(ACCOUNT, 'second', { email: rig.member(2, 'view only'), ensure: 'Absent' }, 1_000);
  assert.equal(windowOf()?.done, 2, 'booked in the first window');
  let recorded: ReturnType<typeof windowOf>;
  rig.onChange = () => (recorded = windowOf());
  await rig.pass(90_000);
  assert.equal(rig.changes.length, 2);
  assert.notEqual(recorded?.windowStartedAt, firstWindow);
  assert.deepEqual([recorded?.done, recorded?.deprovisions], [1, 1]);
  await rig.close();
});
