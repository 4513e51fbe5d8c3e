import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findLeader } from '../../src/commands/kubectl-asana/examine-cluster.ts';

const NOW = Date.UTC(2027, 0, 1);

function lease(spec: { holderIdentity?: string; renewedAgoMs?: number }) {
  const { holderIdentity, renewedAgoMs } = spec;
  const renewTime = renewedAgoMs === undefined ? undefined : new Date(NOW - renewedAgoMs).toISOString();
  return {
    metadata: { namespace: 'asana-connector' },
    spec: {
      leaseDurationSeconds: 15,
      ...(holderIdentity === undefined ? {} : { holderIdentity }),
      ...(renewTime === undefined ? {} : { renewTime }),
    },
  };
}

suite('the operator, as kubectl asana doctor sees it', () => {
  test('is well while somebody renews its lease', () => {
    const found = findLeader([lease({ holderIdentity: 'pod-1', renewedAgoMs: 20_000 })], NOW);
    assert.deepEqual([found.state, found.what], ['ok', 'the operator']);
    assert.match(found.found, /pod-1 leads \(lease in namespace asana-connector\)/);
  });

  for (const [leases, because] of [
    [[], 'there is no lease'],
    [[lease({})], 'nobody holds it'],
    [[lease({ holderIdentity: 'pod-1', renewedAgoMs: 60_000 })], 'its holder has not renewed it'],
  ] as const) {
    test(`is not there, with what to check, when ${because}`, () => {
      const found = findLeader(leases, NOW);
      assert.equal(found.state, 'bad');
      assert.match(found.remedy ?? '', /kubectl get pods/);
    });
  }
});
