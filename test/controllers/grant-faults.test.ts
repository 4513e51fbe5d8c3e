import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { grantReasons } from '../../src/api/reasons.ts';
import {
  AsanaError,
  type AsanaErrorCode,
  asanaErrorCodes,
  classOfAsanaCode,
} from '../../src/asana/errors.ts';
import {
  ClockSkewError,
  FencedError,
  grantReasonOf,
  PreviouslyRemovedError,
} from '../../src/controllers/grant-faults.ts';

const errorOf = (code: AsanaErrorCode) => new AsanaError(code, 'm', { surface: 'scim' });

suite('a failed action', () => {
  for (const code of asanaErrorCodes) {
    test(`with ${code} has a reason that exists`, () => {
      const reason = grantReasonOf(errorOf(code));
      assert.ok(reason !== null && reason in grantReasons, String(reason));
    });
  }

  test('that passes by itself never shows as one that needs a person', () => {
    for (const code of asanaErrorCodes) {
      const reason = grantReasonOf(errorOf(code));
      if (classOfAsanaCode[code] !== 'stalling' && reason)
        assert.notEqual(grantReasons[reason].class, 'stalling', code);
    }
  });

  test('for a clock that is wrong says by how much, and comes again in a minute', () => {
    const error = new ClockSkewError(-90_400);
    assert.equal(grantReasonOf(error), 'ClockSkew');
    assert.match(error.message, /differ by 90 s/);
    assert.deepEqual([error.errorClass, error.retryAfterMs], ['waiting', 60_000]);
  });

  test('for an answer without a date says so, since an expiry is judged by it', () => {
    const error = new ClockSkewError(null);
    assert.equal(grantReasonOf(error), 'ClockSkew');
    assert.match(error.message, /no Date header/);
  });

  test('for somebody who was removed before sends people to the Admin Console', () => {
    const error = new PreviouslyRemovedError('ada@acme.com', null);
    assert.equal(grantReasonOf(error), 'PreviouslyRemoved');
    assert.match(error.message, /ada@acme\.com.*Admin Console/);
  });

  test('behind a fence, or by a fault of ours, is none of the grant’s business', () => {
    assert.equal(grantReasonOf(new FencedError('m')), null);
    assert.equal(grantReasonOf(new TypeError('m')), null);
    assert.equal(new FencedError('m').errorClass, 'transient');
  });
});
