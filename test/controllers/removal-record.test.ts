import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../src/api/asana-connector.ts';
import { readRemovalRecord } from '../../src/controllers/removal-record.ts';
import { emptyLedger } from '../../src/provisioning/removal-ledger.ts';

const read = (status: AsanaConnectorStatus | undefined) => readRemovalRecord(status, 77, () => 'fresh');

const removals = {
  windowStartedAt: '2026-01-01T00:00:00Z',
  done: 3,
  deprovisions: 1,
  pending: 2,
  limit: 5,
  baseline: 25,
};
const hold = {
  reason: 'TooManyRemovals' as const,
  since: '2026-01-01T00:10:00Z',
  token: 'abc',
  count: 40,
  pending: [{ who: 'alice@acme.com', what: 'RevokeEnterprise' }],
};

suite('the record of removals', () => {
  test('of a connector that has none is empty', () => {
    assert.deepEqual(read(undefined), emptyLedger);
    assert.deepEqual(read({}), emptyLedger);
  });

  test('survives a restart: what was done, out of how many, and the hold', () => {
    assert.deepEqual(read({ removals, hold }), {
      window: { startedAt: Date.UTC(2026, 0, 1), baseline: 25, done: 3, deprovisions: 1 },
      hold: { ...hold, since: Date.UTC(2026, 0, 1, 0, 10) },
    });
  });

  test('of a hold that began at no time is a hold that begins now', () => {
    assert.equal(read({ hold: { ...hold, since: 'yesterday' } }).hold?.since, 77);
  });

  test('of a hold without a window is a hold', () => {
    assert.equal(read({ hold }).hold?.token, 'abc');
  });

  const unreadable: readonly [removals: NonNullable<AsanaConnectorStatus['removals']>, because: string][] = [
    [{ ...removals, windowStartedAt: 'yesterday' }, 'the window began at no time'],
    [without('windowStartedAt'), 'nobody knows when the window began'],
    [without('done'), 'nobody knows how many were done'],
    [without('deprovisions'), 'nor how many of them were deprovisions'],
    [without('baseline'), 'nor what they are a share of'],
  ];
  for (const [broken, because] of unreadable) {
    test(`that cannot be read is a hold: ${because}`, () => {
      assert.deepEqual(
        read({ removals: broken }),
        {
          window: null,
          hold: { reason: 'TooManyRemovals', since: 77, token: 'fresh', count: 0, pending: [] },
        },
        because,
      );
    });

    test(`that cannot be read keeps the hold there is: ${because}`, () => {
      assert.equal(read({ removals: broken, hold }).hold?.token, 'abc');
    });
  }
});

function without(
  field: 'windowStartedAt' | 'done' | 'deprovisions' | 'baseline',
): NonNullable<AsanaConnectorStatus['removals']> {
  const { [field]: _, ...rest } = removals;
  return rest;
}
