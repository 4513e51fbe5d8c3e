import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaLicenseGrant } from '../../../src/api/asana-license-grant.ts';
import type { GrantSubject } from '../../../src/controllers/grants/grant-context.ts';
import { grantKinds } from '../../../src/controllers/grants/grant-kinds.ts';
import { viewGrant } from '../../../src/controllers/grants/grant-view.ts';
import { keptFields, plannedStill, undecidedFields } from '../../../src/controllers/removals/kept-removal.ts';
import { demandOf, recordedDemandOf } from '../../../src/controllers/removals/removal-demand.ts';
import type { Action } from '../../../src/provisioning/action.ts';
import type { Verdict } from '../../../src/provisioning/removals/demand.ts';
import { context, reading } from '../../provisioning/world.ts';
import { connectorObject, grantObject } from '../objects.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const HOUR = 3_600_000;
const DELETED = { deletionTimestamp: '2026-06-01T11:00:00Z' };
const USER = { gid: '1', email: 'alice@acme.com', name: 'Alice', organization: '500' };
const revoke: Action = {
  type: 'RevokeEnterprise',
  gid: '1',
  email: 'alice@acme.com',
  from: 'Enterprise',
  to: 'ViewOnly',
};
const leave: Action = { type: 'Deprovision', gid: '1', email: 'alice@acme.com', from: 'Member', to: null };
const planned = (more: object = {}) => ({ action: 'RevokeEnterprise' as const, reason: 'why', ...more });

function subjectOf(object: AsanaLicenseGrant): GrantSubject {
  const [kind] = grantKinds;
  if (!kind) throw new Error('there are no kinds');
  const connector = connectorObject();
  return {
    kind,
    object,
    connector,
    connectorKey: 'iga/acme',
    session: null,
    obstructed: false,
    view: viewGrant({ kind, object }, connector, NOW),
    context: { ...context(reading([])), now: NOW },
    inheritedCreation: null,
  };
}

const demand = (changes: Parameters<typeof grantObject>[0], action: Action = revoke) =>
  demandOf(subjectOf(grantObject(changes)), action, HOUR);

suite('the demand of a grant on the removal desk', () => {
  test('identifies the person by gid and organization, and marks a deleted grant as an end', () => {
    const { person, organization, ends, deprovision } = demand({ metadata: DELETED, status: { user: USER } });
    assert.deepEqual([person, organization, ends, deprovision], ['1', '500', true, false]);
  });

  test('has different content for another action, and after an edit, a deletion and an expiry', () => {
    const contents = [
      demand({}).content,
      demand({}, leave).content,
      demand({ metadata: { generation: 2 } }).content,
      demand({ metadata: DELETED }).content,
      demand({ spec: { expiresAt: '2026-06-01T11:59:00Z' } }).content,
    ];
    assert.equal(new Set(contents).size, contents.length);
  });

  test('matches the hold recorded in the status until the grant is edited', () => {
    const since = '2026-06-01T11:59:00Z';
    const status = { observedGeneration: 1, planned: planned({ hold: 'h.3', since }) };
    const asIs = demand({ status });
    assert.deepEqual(
      [asIs.recorded?.n, asIs.recorded?.content, asIs.recorded?.answer],
      [3, asIs.content, null],
    );
    const edited = demand({ metadata: { generation: 2 }, status });
    assert.notEqual(edited.recorded?.content, edited.content, 'an edit requires another answer');
  });

  test('keeps the number but not the content of a hold that it has not joined again since an edit', () => {
    const object = { metadata: { generation: 2 } };
    const left = demand({ ...object, status: { observedGeneration: 2, planned: planned({ hold: 'h.3' }) } });
    assert.deepEqual([left.recorded?.n, left.recorded?.content], [3, null]);
  });

  const answers: readonly [what: string, status: object, answer: string | null][] = [
    ['no recorded answer if the status has none', {}, null],
    [
      'a recorded acknowledgement',
      { planned: planned({ hold: 'h.3', answer: 'Acknowledged' }) },
      'acknowledge',
    ],
    ['a recorded discard', { discardedGeneration: 1 }, 'discard'],
    ['no recorded answer if the discard was of an earlier generation', { discardedGeneration: 0 }, null],
  ];
  for (const [what, status, answer] of answers)
    test(`has ${what}`, () => {
      const base = { observedGeneration: 1, planned: planned({ hold: 'h.3' }) };
      assert.equal(demand({ status: { ...base, ...status } }).recorded?.answer ?? null, answer);
    });

  test('has no recorded hold if planned.hold is not a valid token', () => {
    assert.equal(
      demand({ status: { observedGeneration: 1, planned: planned({ hold: 'nonsense' }) } }).recorded,
      null,
    );
  });
});

suite('a removal that cannot be decided now', () => {
  const undecided = (status: AsanaLicenseGrant['status']) =>
    recordedDemandOf(subjectOf(grantObject({ metadata: DELETED, ...(status ? { status } : {}) })), HOUR);

  test('remains a demand, whether held or not', () => {
    assert.equal(undecided({ user: USER, planned: planned() })?.person, '1');
    assert.equal(undecided({ planned: planned({ hold: 'h.3' }) })?.recorded?.id, 'h');
  });

  test('is no demand if the status plans no removal', () => {
    assert.equal(undecided({}), null);
    assert.equal(undecided({ planned: { action: 'GrantEnterprise', reason: 'why' } }), null);
  });

  test('keeps its hold after an edit, but neither its answer nor its delay', () => {
    const fields = { hold: 'h.3', answer: 'Acknowledged' as const, notBefore: '2026-06-01T12:00:00Z' };
    const status = { observedGeneration: 1, planned: planned(fields) };
    assert.deepEqual(keptFields(grantObject({ status })), fields);
    assert.deepEqual(keptFields(grantObject({ metadata: { generation: 2 }, status })), { hold: 'h.3' });
  });

  const verdicts: readonly [what: string, verdict: Verdict, fields: object][] = [
    [
      'keeps only its old hold while the desk lets it wait',
      { kind: 'Waits', on: 'Counting' },
      { hold: 'h.3' },
    ],
    [
      'is recorded with its new hold for this generation',
      { kind: 'Held', hold: 'h.4' },
      { hold: 'h.4', since: '2026-06-01T12:00:00Z' },
    ],
    [
      'is recorded with its acknowledgement for this generation',
      { kind: 'Acknowledged', hold: 'h.4', recorded: false },
      { hold: 'h.4', since: '2026-06-01T12:00:00Z', answer: 'Acknowledged' },
    ],
    [
      'is recorded with its discarded hold for this generation',
      { kind: 'Discarded', hold: 'h.4', recorded: false },
      { hold: 'h.4', since: '2026-06-01T12:00:00Z' },
    ],
  ];
  for (const [what, verdict, fields] of verdicts)
    test(`${what}, after an edit`, () => {
      const before = planned({ hold: 'h.3', since: '2026-06-01T11:00:00Z', answer: 'Acknowledged' });
      const status = { observedGeneration: 1, planned: before };
      const edited = grantObject({ metadata: { generation: 2 }, status });
      const kept = undecidedFields(edited, verdict, Date.parse('2026-06-01T12:00:00Z'));
      assert.deepEqual(kept, fields);
      const recorded = grantObject({
        metadata: { generation: 2 },
        status: { observedGeneration: 2, planned: { ...planned(), ...kept } },
      });
      const { content, recorded: hold } = recordedDemandOf(subjectOf(recorded), HOUR) ?? {};
      assert.equal(hold?.content, 'since' in fields ? content : null);
    });

  test('is planned with the action that the desk holds, also if the status does not show it yet', () => {
    const kept = { planned: { hold: 'h.3' }, heldFor: 'Deprovision' as const, answer: null };
    const told = grantObject({ status: { observedGeneration: 1, planned: planned() } });
    for (const object of [grantObject({}), told]) {
      const { action, hold } = plannedStill(object, kept) ?? {};
      assert.deepEqual([action, hold], ['Deprovision', 'h.3']);
    }
    assert.equal(plannedStill(grantObject({}), { planned: {}, answer: null }), null, 'nothing is held');
    assert.equal(plannedStill(told, { ...kept, heldFor: 'RevokeEnterprise' })?.reason, 'why');
  });
});
