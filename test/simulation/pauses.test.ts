import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AsanaAnswer } from './asana/front.ts';
import { Pauses } from './model/pauses.ts';

function throttled(by: string, retryAfterMs: number): AsanaAnswer {
  return { by, token: 't', status: 429, retryAfterMs } as AsanaAnswer;
}

test('time that two pauses share counts once', () => {
  const pauses = new Pauses();
  pauses.take(throttled('operator-1', 10_000), 1_000);
  pauses.take(throttled('operator-2', 20_000), 5_000);
  pauses.take(throttled('operator-1', 2_000), 40_000);
  assert.equal(pauses.waitedMs('t', 0, 50_000), 26_000);
  assert.equal(pauses.waitedMs('t', 20_000, 41_000), 6_000);
  assert.equal(pauses.waitedMs('other', 0, 50_000), 0);
});

test('a shorter Retry-After does not shorten a pause, and a pause applies to one process', () => {
  const pauses = new Pauses();
  pauses.take(throttled('operator-1', 10_000), 1_000);
  pauses.take(throttled('operator-1', 2_000), 2_000);
  assert.equal(pauses.until('operator-1', 't'), 11_000);
  assert.equal(pauses.until('operator-2', 't'), 0);
});
