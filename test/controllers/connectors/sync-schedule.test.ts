import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  answersPerson,
  type FinishedSync,
  nextSyncAt,
  type SyncCause,
} from '../../../src/controllers/connectors/sync-schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const cause: SyncCause = { generation: 1, requestedAt: null, secretVersion: 's1' };

function finished(changes: Partial<FinishedSync> = {}): FinishedSync {
  return {
    begunAt: 1_000,
    finishedAt: 5_000,
    cause,
    outcome: 'Complete',
    failures: 0,
    jitter: 0.5,
    retryAfterMs: null,
    ...changes,
  };
}

suite('the next sync', () => {
  const rows: readonly [last: FinishedSync | null, asked: SyncCause, at: number | null, because: string][] = [
    [null, cause, 9_000, 'is due at once if there was none before'],
    [finished(), cause, 1_000 + HOUR, 'is due one interval after the last one began'],
    [
      finished({ jitter: 0 }),
      cause,
      1_000 + 0.95 * HOUR,
      'is due five per cent earlier with the lowest jitter',
    ],
    [
      finished({ jitter: 1 }),
      cause,
      1_000 + 1.05 * HOUR,
      'is due five per cent later with the highest jitter',
    ],
    [finished({ outcome: 'Impaired' }), cause, 1_000 + HOUR, 'is due one interval after an Impaired one'],
    [
      finished({ outcome: 'Impaired' }),
      { ...cause, secretVersion: 's2' },
      9_000,
      'is due at once if the Secret has changed since an Impaired one',
    ],
    [finished(), { ...cause, generation: 2 }, 9_000, 'is due at once if the spec was edited'],
    [finished(), { ...cause, requestedAt: 'now' }, 9_000, 'is due at once if a person requested it'],
    [finished(), { ...cause, secretVersion: 's2' }, 9_000, 'is due at once if the Secret has changed'],
    [finished({ outcome: 'Stalled' }), cause, null, 'waits for a person after a Stalled one'],
    [
      finished({ outcome: 'Stalled' }),
      { ...cause, secretVersion: 's2' },
      9_000,
      'is due at once if the Secret has changed since a Stalled one',
    ],
    [
      finished({ outcome: 'Incomplete', failures: 1, jitter: 0 }),
      cause,
      15_000,
      'is due ten seconds after a first failure',
    ],
    [
      finished({ outcome: 'Unavailable', failures: 3, jitter: 0 }),
      cause,
      45_000,
      'is due after a delay that doubles with each failure',
    ],
    [
      finished({ outcome: 'Unavailable', failures: 60, jitter: 0 }),
      cause,
      5_000 + 5 * MINUTE,
      'is due five minutes after the last of many failures',
    ],
    [
      finished({ outcome: 'Incomplete', failures: 1, jitter: 1 }),
      cause,
      17_000,
      'is due a fifth later after a failure with the highest jitter',
    ],
    [
      finished({ outcome: 'Unavailable', failures: 1, jitter: 0, retryAfterMs: 90_000 }),
      cause,
      95_000,
      'is not due before the Retry-After of Asana has passed',
    ],
  ];
  for (const [last, asked, at, because] of rows) {
    test(`${because} (due at ${at})`, () => assert.equal(nextSyncAt(last, asked, HOUR, 9_000), at, because));
  }

  test('is due at most one interval after a failure if the interval is short', () => {
    const last = finished({ outcome: 'Incomplete', failures: 9, jitter: 0 });
    assert.equal(nextSyncAt(last, cause, MINUTE, 9_000), 5_000 + MINUTE);
  });

  test('is never due at the moment the last one ended', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<FinishedSync['outcome']>('Complete', 'Impaired', 'Incomplete', 'Unavailable'),
        fc.integer({ min: 0, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (outcome, failures, jitter) => {
          const last = finished({ outcome, failures, jitter, begunAt: 0, finishedAt: 50_000 });
          assert.ok((nextSyncAt(last, cause, MINUTE, 50_000) ?? 0) > 50_000);
        },
      ),
    );
  });
});

suite('a sync', () => {
  const rows: readonly [
    answered: Parameters<typeof answersPerson>[0],
    asked: SyncCause,
    answers: boolean,
    because: string,
  ][] = [
    [null, cause, true, 'it is the first'],
    [cause, cause, false, 'only the interval has passed'],
    [cause, { ...cause, generation: 2 }, true, 'the generation is new'],
    [cause, { ...cause, requestedAt: 'x' }, true, 'a person requested it'],
    [cause, { ...cause, secretVersion: 's2' }, false, 'only the Secret has changed'],
  ];
  for (const [answered, asked, answers, because] of rows) {
    test(`${answers ? 'answers a person' : 'answers nobody'} if ${because}`, () =>
      assert.equal(answersPerson(answered, asked), answers));
  }
});
