import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig } from './rig.ts';

suite('a listing that is always one short', () => {
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

  test('leaves the licenses incomplete, and is a hold of its own at the third time', async () => {
    const connector = await rig.untilPhase('Degraded');
    assert.equal(conditionOf(connector, 'Synced')?.reason, 'SyncIncomplete');
    assert.equal(connector.status?.holds, undefined);
    await rig.sync();
    await rig.sync();
    const hold = await rig.untilHeld('ListingShort');
    assert.equal(hold.count, 1);
  });

  test('counts as whole once a person has acknowledged it', async () => {
    const { token } = await rig.untilHeld('ListingShort');
    await rig.answer('acknowledge', token ?? '');
    await rig.untilNoHold();
    const connector = await rig.untilPhase('Connected');
    assert.equal(connector.status?.measure?.acceptedShortfall, 1);
    await rig.sync();
    assert.equal(conditionOf(await rig.connector(), 'Synced')?.status, 'True');
  });

  test('is incomplete again when more is missing than was acknowledged', async () => {
    rig.sandbox.faults.clear();
    rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 2 },
    });
    await rig.sync();
    assert.equal(conditionOf(await rig.connector(), 'Synced')?.reason, 'SyncIncomplete');
  });
});
