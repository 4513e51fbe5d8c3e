import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { grantReasons, whenDeleted } from '../../../src/api/reasons.ts';
import { AsanaError, asanaErrorCodes, classOfAsanaCode } from '../../../src/asana/errors.ts';
import {
  ClockSkewError,
  FencedError,
  grantReasonOf,
  NotYetError,
  reasonOfRefusal,
} from '../../../src/controllers/grants/grant-reasons.ts';
import { type RefusalCode, RefusedError, refusals } from '../../../src/provisioning/refusal.ts';

const codes = Object.keys(refusals) as readonly RefusalCode[];

suite('every way not to be done has a reason', () => {
  for (const code of codes)
    test(`the refusal ${code} shows as ${reasonOfRefusal[code]}`, () => {
      const reason = grantReasonOf(new RefusedError(code, 'why'));
      assert.equal(reason, reasonOfRefusal[code]);
      assert.notEqual(grantReasons[reasonOfRefusal[code]].class, 'ok');
    });

  for (const code of asanaErrorCodes)
    test(`an error of Asana, ${code}, shows as a reason that is no success`, () => {
      const reason = grantReasonOf(new AsanaError(code, 'why', { surface: 'scim' }));
      assert.ok(reason, 'it has one');
      assert.notEqual(grantReasons[reason].class, 'ok');
      const comesBack = classOfAsanaCode[code] !== 'stalling';
      assert.ok(!comesBack || grantReasons[reason].class !== 'stalling', 'what is retried does not stall');
    });

  test('a clock that is wrong shows as ClockSkew, with the remedy', () => {
    const error = new ClockSkewError(90_000);
    assert.equal(grantReasonOf(error), 'ClockSkew');
    assert.match(error.message, /differ by 90 s/);
    assert.match(new ClockSkewError(null).message, /no Date header/);
  });

  test("what is none of the grant's business has none", () => {
    for (const error of [new FencedError('no'), new NotYetError(5), new Error('no'), null])
      assert.equal(grantReasonOf(error), null);
  });
});

suite('what a deleted grant does about a refusal', () => {
  /**
   * An account that is gone or a guest is let go by the table of kinds, though rule 6 names neither; the reason a live grant
   * shows is the same for whoever may still come, so the list of reasons says Wait.
   */
  const otherwise: ReadonlySet<RefusalCode> = new Set(['AccountNotFound', 'UserIsGuest']);

  for (const code of codes.filter((one) => !otherwise.has(one)))
    test(`${code}: ${refusals[code].ended}, as ${reasonOfRefusal[code]} says`, () => {
      const said: Readonly<Record<string, string>> = whenDeleted;
      assert.equal(said[reasonOfRefusal[code]], refusals[code].ended);
    });
});
