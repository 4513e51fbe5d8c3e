import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { type DelayedRemoval, type RemovalClock, removalDue } from '../../src/provisioning/removal-delay.ts';

const MINUTE = 60_000;

suite('a removal is due', () => {
  const rows: readonly [removal: DelayedRemoval, clock: RemovalClock, waitMs: number, because: string][] = [
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 1_000, monotonic: 5 },
      MINUTE,
      'it was just deleted',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 31_000, monotonic: 30_005 },
      30_000,
      'half of the delay has passed',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 61_000, monotonic: 60_005 },
      0,
      'the delay has passed',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 9_000_000, monotonic: 1_005 },
      59_000,
      'the wall clock jumped ahead, and the monotonic clock decides',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 0, monotonic: 999_999 },
      61_000,
      'the wall clock jumped back, and it decides',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 500_000 },
      { now: 900_000, monotonic: 500_000 },
      MINUTE,
      'it was deleted long ago and first seen now',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: null },
      { now: 61_000, monotonic: 3 },
      0,
      'an earlier process saw it first, so the delay does not start again',
    ],
    [{ since: 1_000, delayMs: 0, firstSeen: 5 }, { now: 1_000, monotonic: 5 }, 0, 'there is no delay'],
  ];
  for (const [removal, clock, waitMs, because] of rows) {
    test(`in ${waitMs} ms: ${because}`, () => {
      assert.deepEqual(
        removalDue(removal, clock),
        { notBefore: removal.since + removal.delayMs, waitMs },
        because,
      );
    });
  }

  test('only once its delay has passed on both clocks', () => {
    const time = fc.integer({ min: 0, max: 10_000 });
    fc.assert(
      fc.property(time, time, time, time, time, (since, delayMs, firstSeen, now, monotonic) => {
        const { waitMs } = removalDue({ since, delayMs, firstSeen }, { now, monotonic });
        assert.ok(waitMs >= 0);
        if (waitMs === 0) assert.ok(now - since >= delayMs && monotonic - firstSeen >= delayMs);
        else
          assert.equal(
            removalDue({ since, delayMs, firstSeen }, { now: now + waitMs, monotonic: monotonic + waitMs })
              .waitMs,
            0,
          );
      }),
    );
  });
});
