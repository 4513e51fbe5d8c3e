import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { heartbeatDelay, helloBackoff, pollBackoff, pollDelay } from '../../src/conductorone/pace.ts';

const seconds = (value: number) =>
  create(DurationSchema, {
    seconds: BigInt(Math.trunc(value)),
    nanos: Math.round((value - Math.trunc(value)) * 1e9),
  });

suite('the wait before the next poll', () => {
  for (const { nextPoll, work, ms, because } of [
    { nextPoll: seconds(5), work: false, ms: 5000, because: 'the server requests it' },
    { nextPoll: seconds(0.25), work: false, ms: 250, because: 'fractions of a second count' },
    { nextPoll: seconds(600), work: false, ms: 300_000, because: 'ten minutes are limited to five' },
    {
      nextPoll: seconds(9e15),
      work: true,
      ms: 300_000,
      because: 'an endless wait is limited to five minutes',
    },
    { nextPoll: seconds(0), work: true, ms: 0, because: 'the server requests no wait after a task' },
    { nextPoll: seconds(-5), work: true, ms: 0, because: 'a negative wait counts as zero' },
    { nextPoll: undefined, work: true, ms: 0, because: 'the server requests nothing after a task' },
    { nextPoll: seconds(0), work: false, ms: 1000, because: 'without a task, zero is raised to one second' },
    {
      nextPoll: undefined,
      work: false,
      ms: 1000,
      because: 'the server requests nothing, and there was no task',
    },
  ]) {
    test(`is ${ms} ms: ${because}`, () => {
      assert.equal(pollDelay(nextPoll, work), ms);
    });
  }
});

suite('the wait before the next heartbeat', () => {
  for (const { next, ms, because } of [
    { next: undefined, ms: 30_000, because: 'the server requests nothing' },
    { next: seconds(0), ms: 30_000, because: 'zero counts as no request' },
    { next: seconds(0.1), ms: 1000, because: 'the minimum is one second' },
    { next: seconds(-1), ms: 1000, because: 'a negative interval is raised to one second' },
    { next: seconds(45), ms: 45_000, because: 'the server requests it' },
    { next: seconds(3600), ms: 300_000, because: 'the maximum is five minutes' },
  ]) {
    test(`is ${ms} ms: ${because}`, () => {
      assert.equal(heartbeatDelay(next), ms);
    });
  }
});

suite('the wait after a failure', () => {
  const after = (counts: readonly number[], wait: typeof helloBackoff, random = 1, retryAfterMs?: number) =>
    counts.map((count) => wait({ count, random: () => random, retryAfterMs }));

  test('of Hello doubles from one second up to five minutes', () => {
    assert.deepEqual(
      after([1, 2, 3, 9, 10, 5000], helloBackoff),
      [1000, 2000, 4000, 256_000, 300_000, 300_000],
    );
  });

  test('of GetTask is n² seconds, at most one minute', () => {
    assert.deepEqual(after([1, 2, 3, 7, 8, 5000], pollBackoff), [1000, 4000, 9000, 49_000, 60_000, 60_000]);
  });

  test('is shortened randomly by up to 20 %, but not below a Retry-After of at most five minutes', () => {
    assert.deepEqual(after([3], pollBackoff, 0), [7200]);
    assert.deepEqual(after([3], pollBackoff, 0, 20_000), [20_000]);
    assert.deepEqual(after([3], helloBackoff, 0, 3_600_000), [300_000]);
  });
});
