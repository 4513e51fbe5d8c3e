import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { conditionOf, OperatorRig } from './rig.ts';

suite('two connectors of one organization in mode Apply', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('connector-two');
    await rig.createSecret();
    await rig.createConnector({}, 'elder');
    await rig.untilPhase('Connected', 'elder');
  });
  after(() => rig.close());

  test('the younger one stalls with OrganizationTaken until the older one is in mode Plan', async () => {
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

  test('the younger one connects once the older one is being deleted, even if a finalizer keeps it', async () => {
    await rig.patchConnector({ spec: { provisioning: { mode: 'Apply' } } }, 'elder');
    await rig.untilPhase('Failed', 'younger');
    await rig.patchConnector({ metadata: { finalizers: ['example.com/other'] } }, 'elder');
    await rig.deleteConnector('elder');
    await rig.untilPhase('Connected', 'younger');
    assert.notEqual((await rig.connector('elder'))?.metadata.deletionTimestamp, undefined);
    await rig.patchConnector({ metadata: { finalizers: null } }, 'elder');
  });
});
