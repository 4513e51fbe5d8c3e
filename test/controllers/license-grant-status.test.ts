import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { GrantReason } from '../../src/api/reasons.ts';
import { grantReasons } from '../../src/api/reasons.ts';
import { type GrantFindings, grantStatus } from '../../src/controllers/license-grant-status.ts';
import { checkConditions } from '../api/condition-rules.ts';
import { person } from '../provisioning/small-world.ts';
import { CREATED, grantObject } from './objects.ts';

const NOW = Date.UTC(2026, 5, 1);
const granted: GrantFindings = { outcome: { reason: 'Granted', message: 'All is as declared.' } };
const applied = { license: 'Enterprise' as const, at: CREATED, adopted: false };
const planned = { action: 'GrantEnterprise' as const, reason: 'why' };

suite('the status of a grant', () => {
  test('keeps the rules of conditions for every reason, over every status before', () => {
    for (const before of [undefined, ...Object.keys(grantReasons)] as (GrantReason | undefined)[]) {
      for (const reason of Object.keys(grantReasons) as GrantReason[]) {
        const message = 'Something is so.';
        const first = grantObject(
          before ? { status: grantStatus(grantObject(), { outcome: { reason: before, message } }, NOW) } : {},
        );
        const object = { ...first, status: grantStatus(first, { outcome: { reason, message } }, NOW) };
        // Suspended before anything else leaves Ready Unknown, since nothing has been decided yet.
        assert.deepEqual(checkConditions(object), [], `${before} → ${reason}`);
      }
    }
  });

  test('has the account as it is seen, and its license since it moved', () => {
    const first = grantStatus(grantObject(), { ...granted, account: person({ license: 'ViewOnly' }) }, NOW);
    assert.deepEqual(first.user, { gid: '1', email: 'alice@acme.com', name: 'Alice' });
    assert.deepEqual(first.observed, { license: 'ViewOnly', since: '2026-06-01T00:00:00Z' });
    const object = grantObject({ status: first });
    const same = grantStatus(object, { ...granted, account: person({ license: 'ViewOnly' }) }, NOW + 60_000);
    assert.equal(same.observed?.since, '2026-06-01T00:00:00Z');
    const moved = grantStatus(
      object,
      { ...granted, account: person({ license: 'Enterprise' }) },
      NOW + 60_000,
    );
    assert.deepEqual(moved.observed, { license: 'Enterprise', since: '2026-06-01T00:01:00Z' });
  });

  test('remembers whose it was when the account is gone, and no license', () => {
    const object = grantObject({
      status: { user: { gid: '1', name: 'Alice' }, observed: { license: 'Enterprise', since: CREATED } },
    });
    const gone = grantStatus(object, { ...granted, account: null }, NOW);
    assert.deepEqual([gone.user?.gid, gone.observed], ['1', undefined]);
    const unseen = grantStatus(object, granted, NOW);
    assert.deepEqual([unseen.user?.gid, unseen.observed?.license], ['1', 'Enterprise']);
  });

  test('keeps the applied right until something takes it away', () => {
    const object = grantObject({ status: { applied } });
    assert.deepEqual(grantStatus(object, granted, NOW).applied, applied);
    assert.equal(grantStatus(object, { ...granted, applied: null }, NOW).applied, undefined);
  });

  test('has a plan only while something is planned', () => {
    const object = grantObject({ status: { planned } });
    assert.equal(grantStatus(object, granted, NOW).planned, undefined);
    assert.deepEqual(grantStatus(object, { ...granted, planned }, NOW).planned, planned);
  });

  test('forgets that a removal was discarded once the grant is edited', () => {
    const status = { discardedGeneration: 1 };
    assert.equal(grantStatus(grantObject({ status }), granted, NOW).discardedGeneration, 1);
    const edited = grantObject({ metadata: { generation: 2 }, status });
    assert.equal(grantStatus(edited, granted, NOW).discardedGeneration, undefined);
  });

  test('answers a request once, and keeps the answer', () => {
    const answered = grantStatus(grantObject(), { ...granted, handledRequest: 'x' }, NOW);
    assert.equal(answered.lastHandledReconcileAt, 'x');
    const later = grantStatus(grantObject({ status: answered }), { ...granted, handledRequest: null }, NOW);
    assert.equal(later.lastHandledReconcileAt, 'x');
  });

  test('made again of the same findings is the same, so that nothing is written', () => {
    const findings: GrantFindings = { ...granted, account: person(), applied };
    const status = grantStatus(grantObject(), findings, NOW);
    assert.deepEqual(grantStatus(grantObject({ status }), findings, NOW + 3_600_000), status);
  });
});
