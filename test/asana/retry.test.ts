import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { AsanaError, type AsanaErrorCode, asanaErrorCodes } from '../../src/asana/errors.ts';
import { PATIENCE_MS, parseRetryAfter, type Repeatability, retryDelay } from '../../src/asana/retry.ts';

const fail = (code: AsanaErrorCode, retryAfterMs?: number) =>
  new AsanaError(code, 'for the test', {
    surface: 'rest',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

function delay(error: AsanaError, attempt = 1, repeatability: Repeatability = 'safe', random = 0.5) {
  return retryDelay({
    attempt,
    repeatability,
    patienceMs: PATIENCE_MS.sync,
    error,
    random: () => random,
  });
}

suite('the choice to retry', () => {
  const repeated = new Set<AsanaErrorCode>(['AsanaUnavailable', 'MalformedResponse', 'RateLimited']);
  for (const code of asanaErrorCodes) {
    test(`a read that failed with ${code} is ${repeated.has(code) ? '' : 'not '}retried`, () => {
      assert.equal(delay(fail(code)) !== null, repeated.has(code));
    });

    test(`a create, an invitation or a removal that failed with ${code} is never retried`, () => {
      assert.equal(delay(fail(code, 100), 1, 'never'), null);
    });
  }
});

suite('the delay before a retry', () => {
  test('the delay doubles from half a second, with jitter between half of it and all of it', () => {
    const error = fail('AsanaUnavailable');
    assert.deepEqual(
      [1, 2, 3].map((attempt) => delay(error, attempt, 'safe', 0)),
      [250, 500, 1000],
    );
    assert.deepEqual(
      [1, 2, 3].map((attempt) => delay(error, attempt, 'safe', 1)),
      [500, 1000, 2000],
    );
  });

  test('at most four attempts are made, or six if the error is RateLimited', () => {
    assert.equal(delay(fail('AsanaUnavailable'), 4), null);
    assert.notEqual(delay(fail('RateLimited', 1000), 5), null);
    assert.equal(delay(fail('RateLimited', 1000), 6), null);
  });

  test('the delay is at least Retry-After, and a Retry-After above the patience means no retry', () => {
    assert.equal(delay(fail('RateLimited', 30_000)), 30_000);
    assert.equal(delay(fail('AsanaUnavailable', 20_000)), 20_000);
    assert.equal(delay(fail('RateLimited', PATIENCE_MS.sync + 1)), null);
  });

  test('the delay stays within its bounds for any attempt and any Retry-After', () => {
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.nat(10_000_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempt, after, random) => {
          const ms = delay(fail('RateLimited', after), attempt + 1, 'safe', random);
          assert.ok(ms === null || (ms >= after && ms >= 250 && ms <= Math.max(PATIENCE_MS.sync, 8000)));
        },
      ),
    );
  });
});

suite('Retry-After', () => {
  const now = Date.parse('Tue, 24 Nov 2026 10:00:00 GMT');
  const rows: readonly [header: string | undefined, ms: number | null, because: string][] = [
    ['30', 30_000, 'a number of seconds'],
    [' 7 ', 7000, 'surrounding white space is ignored'],
    ['0', 0, 'zero is a valid delay'],
    ['Tue, 24 Nov 2026 10:00:30 GMT', 30_000, 'a date counts from the time of the answer'],
    ['Tue, 24 Nov 2026 09:00:00 GMT', 0, 'a date in the past means no delay'],
    ['999999999999', 86_400_000, 'an absurd number is limited to a day'],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000, 'an absurd date is limited to a day'],
    ['-5', null, 'a negative number is neither seconds nor a year'],
    ['1.5', null, 'a fraction is not a number of seconds'],
    ['soon', null, 'a word is neither a number nor a date'],
    ['', null, 'the value is empty'],
    ['1'.repeat(400), null, 'the number is too long'],
    [undefined, null, 'there is no header'],
  ];
  for (const [header, ms, because] of rows) {
    test(`"${header?.slice(0, 40)}" is ${ms === null ? 'not usable' : `${ms} ms`}: ${because}`, () => {
      assert.equal(parseRetryAfter(header, now), ms);
    });
  }
});
