import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig } from './rig.ts';

suite('a listing that is always short by one', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('listing-short');
    rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 1 },
    });
    await rig.createSecret();
    await rig.createConnector();
  });
  after(() => rig.close());

  test('leaves the licenses incomplete, and begins a ListingShort hold at the third sync', async () => {
    const connector = await rig.untilPhase('Degraded');
    assert.equal(conditionOf(connector, 'Synced')?.reason, 'SyncIncomplete');
    assert.equal(connector.status?.holds, undefined);
    await rig.sync();
    await rig.sync();
    const hold = await rig.untilHeld('ListingShort');
    assert.equal(hold.count, 1);
  });

  test('counts as complete once the hold is acknowledged', async () => {
    const { token } = await rig.untilHeld('ListingShort');
    await rig.answer('acknowledge', token ?? '');
    await rig.untilNoHold();
    const connector = await rig.untilPhase('Connected');
    assert.equal(connector.status?.measure?.acceptedShortfall, 1);
    await rig.sync();
    assert.equal(conditionOf(await rig.connector(), 'Synced')?.status, 'True');
  });

  test('is incomplete again if more entries are missing than were acknowledged', async () => {
    rig.sandbox.faults.clear();
    rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 2 },
    });
    await rig.sync();
    assert.equal(conditionOf(await rig.connector(), 'Synced')?.reason, 'SyncIncomplete');
  });
});
