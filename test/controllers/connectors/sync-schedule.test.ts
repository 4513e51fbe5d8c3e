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
    [null, cause, 9_000, 'the first is due at once'],
    [finished(), cause, 1_000 + HOUR, 'an interval after the last one began'],
    [finished({ jitter: 0 }), cause, 1_000 + 0.95 * HOUR, 'five per cent earlier'],
    [finished({ jitter: 1 }), cause, 1_000 + 1.05 * HOUR, 'five per cent later'],
    [
      finished({ outcome: 'Impaired' }),
      cause,
      1_000 + HOUR,
      'an interval after one without what SCIM refuses, since to ask sooner would be refused again',
    ],
    [
      finished({ outcome: 'Impaired' }),
      { ...cause, secretVersion: 's2' },
      9_000,
      'at once where SCIM refused a token and there is another now',
    ],
    [finished(), { ...cause, generation: 2 }, 9_000, 'the spec was edited'],
    [finished(), { ...cause, requestedAt: 'now' }, 9_000, 'a person asked'],
    [finished(), { ...cause, secretVersion: 's2' }, 9_000, 'the Secret has changed'],
    [finished({ outcome: 'Stalled' }), cause, null, 'a stalled one waits for a person'],
    [
      finished({ outcome: 'Stalled' }),
      { ...cause, secretVersion: 's2' },
      9_000,
      'who has put another token there',
    ],
    [
      finished({ outcome: 'Incomplete', failures: 1, jitter: 0 }),
      cause,
      15_000,
      'ten seconds after a first failure',
    ],
    [finished({ outcome: 'Unavailable', failures: 3, jitter: 0 }), cause, 45_000, 'doubling'],
    [
      finished({ outcome: 'Unavailable', failures: 60, jitter: 0 }),
      cause,
      5_000 + 5 * MINUTE,
      'never more than five minutes',
    ],
    [finished({ outcome: 'Incomplete', failures: 1, jitter: 1 }), cause, 17_000, 'a fifth more at most'],
    [
      finished({ outcome: 'Unavailable', failures: 1, jitter: 0, retryAfterMs: 90_000 }),
      cause,
      95_000,
      'and not before Asana wants it',
    ],
  ];
  for (const [last, asked, at, because] of rows) {
    test(`${because}: ${at}`, () => assert.equal(nextSyncAt(last, asked, HOUR, 9_000), at, because));
  }

  test('after a failure comes no later than at the end of a short interval', () => {
    const last = finished({ outcome: 'Incomplete', failures: 9, jitter: 0 });
    assert.equal(nextSyncAt(last, cause, MINUTE, 9_000), 5_000 + MINUTE);
  });

  test('is never due again in the moment the last one ended', () => {
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

suite('a sync answers a person', () => {
  const rows: readonly [
    answered: Parameters<typeof answersPerson>[0],
    asked: SyncCause,
    answers: boolean,
    because: string,
  ][] = [
    [null, cause, true, 'the first one'],
    [cause, cause, false, 'not one that the interval brings'],
    [cause, { ...cause, generation: 2 }, true, 'one for a new generation'],
    [cause, { ...cause, requestedAt: 'x' }, true, 'one that was requested'],
    [cause, { ...cause, secretVersion: 's2' }, false, 'not one for a rotated Secret'],
  ];
  for (const [answered, asked, answers, because] of rows) {
    test(`${answers ? 'yes' : 'no'}: ${because}`, () =>
      assert.equal(answersPerson(answered, asked), answers));
  }
});
