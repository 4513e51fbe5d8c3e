import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { conditionsPage } from '../../../scripts/manifests/conditions-page.ts';
import { grantReasons } from '../../../src/api/reasons.ts';
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
    for (const error of [new FencedError('no'), new Error('no'), null])
      assert.equal(grantReasonOf(error), null);
  });

  test('an instant that is some seconds away by the clock of Asana shows as Progressing, with the wait', () => {
    const error = new NotYetError(4_200);
    assert.deepEqual([grantReasonOf(error), error.retryAfterMs], ['Progressing', 4_200]);
    assert.match(error.message, /tries again in 5 s/);
  });
});

suite('what a deleted grant does about a refusal', () => {
  test('is to be released where it is by rule or for good, and to wait for anything else', () => {
    const released = codes.filter((code) => refusals[code].ended !== 'Wait');
    assert.deepEqual(released.toSorted(), [
      // Nothing is left to revoke: the account does not exist, or has no license.
      'AccountNotFound',
      'Contended',
      'DeprovisionNotAllowed',
      'GuestsLastTeam',
      'IdentityChanged',
      'NamespaceNotAllowed',
      'OrganizationChanged',
      'ProtectedUser',
      'StillDeclared',
      'TeamNotFound',
      'UserIsGuest',
    ]);
  });

  /** The last column of the reference, by reason. */
  const fates = new Map(
    [...conditionsPage().matchAll(/^\| `(\w+)` \|.*\| (released|waits|) \|$/gm)].map(([, reason, fate]) => [
      reason,
      fate,
    ]),
  );

  for (const code of codes)
    test(`of ${code} is not told as a release in the reference unless it is one`, () => {
      const fate = fates.get(reasonOfRefusal[code]);
      assert.ok(
        fate === 'waits' || (fate === 'released' && refusals[code].ended !== 'Wait'),
        fate ?? 'no row',
      );
    });

  test('is told as waiting for a person whom Asana did not find at a request, though an account that is gone releases', () => {
    assert.equal(fates.get('UserNotFound'), 'waits');
    assert.equal(grantReasonOf(new AsanaError('NotFound', 'why', { surface: 'rest' })), 'UserNotFound');
  });
});
