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

suite('the reason of a grant that is not carried out', () => {
  for (const code of codes)
    test(`the refusal ${code} shows as ${reasonOfRefusal[code]}`, () => {
      const reason = grantReasonOf(new RefusedError(code, 'why'));
      assert.equal(reason, reasonOfRefusal[code]);
      assert.notEqual(grantReasons[reasonOfRefusal[code]].class, 'ok');
    });

  for (const code of asanaErrorCodes)
    test(`the Asana error ${code} shows as a reason that is no success, and does not stall if it is retried`, () => {
      const reason = grantReasonOf(new AsanaError(code, 'why', { surface: 'scim' }));
      assert.ok(reason, 'the error has a reason');
      assert.notEqual(grantReasons[reason].class, 'ok');
      const comesBack = classOfAsanaCode[code] !== 'stalling';
      assert.ok(
        !comesBack || grantReasons[reason].class !== 'stalling',
        'a retried error does not stall the grant',
      );
    });

  test('a clock skew shows as ClockSkew, with the cause and what to do about it in the message', () => {
    const error = new ClockSkewError(90_000);
    assert.equal(grantReasonOf(error), 'ClockSkew');
    assert.match(error.message, /differ by 90 s\. Correct the clock of the node\./);
    assert.match(new ClockSkewError(null).message, /no Date header.* Check that no proxy removes it\./);
  });

  test('an error that does not concern the grant has no reason', () => {
    for (const error of [new FencedError('no'), new Error('no'), null])
      assert.equal(grantReasonOf(error), null);
  });

  test('a time that the clock of Asana reaches in seconds shows as Progressing, with the wait', () => {
    const error = new NotYetError(4_200);
    assert.deepEqual([grantReasonOf(error), error.retryAfterMs], ['Progressing', 4_200]);
    assert.match(error.message, /tries again in 5 s/);
  });
});

suite('the effect of a refusal on a deleted grant', () => {
  test('is a release for refusals that are permanent or by a rule, and a wait for all others', () => {
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
    test(`is documented as a release for ${code} only if it is one`, () => {
      const fate = fates.get(reasonOfRefusal[code]);
      assert.ok(
        fate === 'waits' || (fate === 'released' && refusals[code].ended !== 'Wait'),
        fate ?? 'the reference has no row',
      );
    });

  test('is documented as a wait for UserNotFound, which a NotFound error of Asana also shows', () => {
    assert.equal(fates.get('UserNotFound'), 'waits');
    assert.equal(grantReasonOf(new AsanaError('NotFound', 'why', { surface: 'rest' })), 'UserNotFound');
  });
});
