import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { type DelayedRemoval, type RemovalClock, removalDue } from '../../src/provisioning/removal-delay.ts';

const MINUTE = 60_000;

suite('a removal is due', () => {
  const rows: readonly [removal: DelayedRemoval, clock: RemovalClock, waitMs: number, because: string][] = [
    [{ since: 1_000, delayMs: MINUTE, firstSeen: 5 }, { now: 1_000, monotonic: 5 }, MINUTE, 'just deleted'],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 31_000, monotonic: 30_005 },
      30_000,
      'half of it passed',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 61_000, monotonic: 60_005 },
      0,
      'all of it passed',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 9_000_000, monotonic: 1_005 },
      59_000,
      'the wall clock jumped ahead: the monotonic one holds',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 5 },
      { now: 0, monotonic: 999_999 },
      61_000,
      'the wall clock jumped back: it holds',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: 500_000 },
      { now: 900_000, monotonic: 500_000 },
      MINUTE,
      'deleted long ago and seen only now: the delay begins now',
    ],
    [
      { since: 1_000, delayMs: MINUTE, firstSeen: null },
      { now: 61_000, monotonic: 3 },
      0,
      'seen by a process before this one: it does not begin anew',
    ],
    [{ since: 1_000, delayMs: 0, firstSeen: 5 }, { now: 1_000, monotonic: 5 }, 0, 'no delay'],
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

  test('never sooner than its delay on either clock', () => {
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
