import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig } from './rig.ts';

suite('two connectors on one organization', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('connector-two');
    await rig.createSecret();
    await rig.createConnector({}, 'elder');
    await rig.untilPhase('Connected', 'elder');
  });
  after(() => rig.close());

  test('in mode Apply: the younger one stalls until one of them is in Plan', async () => {
    await rig.createConnector({}, 'younger');
    const connector = await rig.untilPhase('Failed', 'younger');
    assert.equal(conditionOf(connector, 'Stalled')?.reason, 'OrganizationTaken');
    await rig.createGrant('alice', 'alice@acme.example', { connectorRef: { name: 'younger' } });
    await rig.untilReason('alice', 'ConnectorNotReady');
    assert.deepEqual(rig.writesInAsana(), []);
    await rig.patchConnector({ spec: { provisioning: { mode: 'Plan' } } }, 'elder');
    await rig.untilPhase('Connected', 'younger');
    await rig.untilReason('alice', 'Granted');
  });

  test("in mode Apply: the elder one that is deleted stands in nobody's way, though a finalizer keeps it", async () => {
    await rig.patchConnector({ spec: { provisioning: { mode: 'Apply' } } }, 'elder');
    await rig.untilPhase('Failed', 'younger');
    await rig.patchConnector({ metadata: { finalizers: ['example.com/other'] } }, 'elder');
    await rig.deleteConnector('elder');
    await rig.untilPhase('Connected', 'younger');
    assert.notEqual((await rig.connector('elder'))?.metadata.deletionTimestamp, undefined);
    await rig.patchConnector({ metadata: { finalizers: null } }, 'elder');
  });
});
