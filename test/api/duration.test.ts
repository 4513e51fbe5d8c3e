import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { durationMs, formatDuration, parseDuration } from '../../src/api/duration.ts';

const READ: { text: string; ms: number | null; because: string }[] = [
  { text: '1h', ms: 3_600_000, because: 'an hour' },
  { text: '1h30m', ms: 5_400_000, because: 'units add up' },
  { text: '30m1h', ms: 5_400_000, because: 'Go accepts units in any order' },
  { text: '90s', ms: 90_000, because: 'an amount may exceed the next larger unit' },
  { text: '1.5h', ms: 5_400_000, because: 'a fraction' },
  { text: '250ms', ms: 250, because: 'ms is one unit, not minutes and seconds' },
  { text: '1m5ms', ms: 60_005, because: 'minutes and milliseconds' },
  { text: '0s', ms: 0, because: 'zero' },
  { text: '0', ms: 0, because: 'Go accepts a bare zero' },
  { text: '', ms: null, because: 'the text is empty' },
  { text: '5', ms: null, because: 'the unit is missing' },
  { text: '1d', ms: null, because: 'days are not a unit in Go' },
  { text: '-1h', ms: null, because: 'no field accepts a negative duration' },
  { text: '1h ', ms: null, because: 'a space is not part of a duration' },
  { text: '1H', ms: null, because: 'units are in lower case' },
  { text: '.5h', ms: null, because: 'a digit must come first, as in the pattern of the field' },
  { text: `${'9'.repeat(400)}h`, ms: null, because: 'it exceeds the range of a number' },
];

describe('a duration', () => {
  for (const { text, ms, because } of READ) {
    test(`"${text.slice(0, 20)}" is ${ms === null ? 'invalid' : `${ms} ms`}: ${because}`, () => {
      assert.equal(parseDuration(text), ms);
    });
  }

  test('of ten or more whole seconds is formatted without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 10_000_000 }), (seconds) => {
        assert.equal(parseDuration(formatDuration(seconds * 1000)), seconds * 1000);
      }),
    );
  });

  test('is formatted to within 50 ms below ten seconds, and to within 500 ms above', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (ms) => {
        const read = durationMs(formatDuration(ms));
        assert.ok(Math.abs(read - ms) <= (ms < 10_000 ? 50 : 500), `${ms} ms became ${formatDuration(ms)}`);
      }),
    );
  });

  test('is the sum of its parts, in any order', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom('h', 'm', 's', 'ms'));
    const parts = fc.array(part, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, (amounts) => {
        const texts = amounts.map(([amount, unit]) => `${amount}${unit}`);
        const sum = texts.reduce((total, text) => total + durationMs(text), 0);
        assert.equal(parseDuration(texts.join('')), sum);
        assert.equal(parseDuration(texts.toReversed().join('')), sum);
      }),
    );
  });

  test('in arbitrary text is parsed as null or as a whole number of milliseconds, never anything else', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.hms]{0,12}$/));
    fc.assert(
      fc.property(text, (written) => {
        const ms = parseDuration(written);
        assert.ok(ms === null || (Number.isSafeInteger(ms) && ms >= 0), `${written} became ${ms}`);
      }),
    );
  });

  test('that is invalid is rejected by durationMs with examples of valid ones', () => {
    assert.throws(
      () => durationMs('1 day'),
      /"1 day" is not a duration: use a value such as 30s, 5m or 1h30m/,
    );
  });
});
