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

const demand = (changes: Parameters<typeof grantObject>[0]) =>
  demandOf(subjectOf(grantObject(changes)), revoke, HOUR);

suite('what a grant asks the desk for', () => {
  test('counts the person by the gid, in the organization', () => {
    const { person, organization, ends, deprovision } = demand({ metadata: DELETED, status: { user: USER } });
    assert.deepEqual([person, organization, ends, deprovision], ['1', '500', true, false]);
  });

  test('is another content by generation, action and cause', () => {
    const contents = [
      demand({}).content,
      demand({ metadata: { generation: 2 } }).content,
      demand({ metadata: DELETED }).content,
      demand({ spec: { expiresAt: '2026-06-01T11:59:00Z' } }).content,
    ];
    assert.equal(new Set(contents).size, contents.length);
  });

  test('is recorded for exactly what the status spoke of', () => {
    const since = '2026-06-01T11:59:00Z';
    const status = { observedGeneration: 1, planned: planned({ hold: 'h.3', since }) };
    const asIs = demand({ status });
    assert.deepEqual(
      [asIs.recorded?.n, asIs.recorded?.content, asIs.recorded?.answer],
      [3, asIs.content, null],
    );
    const edited = demand({ metadata: { generation: 2 }, status });
    assert.notEqual(edited.recorded?.content, edited.content, 'an edit needs another answer');
  });

  test('is recorded for nothing by what an edit has left of a hold: it has joined none since', () => {
    const object = { metadata: { generation: 2 } };
    const left = demand({ ...object, status: { observedGeneration: 2, planned: planned({ hold: 'h.3' }) } });
    assert.deepEqual([left.recorded?.n, left.recorded?.content], [3, null]);
  });

  const answers: readonly [what: string, status: object, answer: string | null][] = [
    ['no answer', {}, null],
    ['an acknowledgement', { planned: planned({ hold: 'h.3', answer: 'Acknowledged' }) }, 'acknowledge'],
    ['that it was discarded', { discardedGeneration: 1 }, 'discard'],
    ['nothing of what an earlier generation was discarded for', { discardedGeneration: 0 }, null],
  ];
  for (const [what, status, answer] of answers)
    test(`records ${what}`, () => {
      const base = { observedGeneration: 1, planned: planned({ hold: 'h.3' }) };
      assert.equal(demand({ status: { ...base, ...status } }).recorded?.answer ?? null, answer);
    });

  test('is no hold where the token is none', () => {
    assert.equal(
      demand({ status: { observedGeneration: 1, planned: planned({ hold: 'nonsense' }) } }).recorded,
      null,
    );
  });
});

suite('what cannot be decided now', () => {
  const undecided = (status: AsanaLicenseGrant['status']) =>
    recordedDemandOf(subjectOf(grantObject({ metadata: DELETED, ...(status ? { status } : {}) })), HOUR);

  test('is wanted still, held or not', () => {
    assert.equal(undecided({ user: USER, planned: planned() })?.person, '1');
    assert.equal(undecided({ planned: planned({ hold: 'h.3' }) })?.recorded?.id, 'h');
  });

  test('is no removal where none was planned', () => {
    assert.equal(undecided({}), null);
    assert.equal(undecided({ planned: { action: 'GrantEnterprise', reason: 'why' } }), null);
  });

  test('keeps its hold through an edit, and neither its answer nor its delay', () => {
    const fields = { hold: 'h.3', answer: 'Acknowledged' as const, notBefore: '2026-06-01T12:00:00Z' };
    const status = { observedGeneration: 1, planned: planned(fields) };
    assert.deepEqual(keptFields(grantObject({ status })), fields);
    assert.deepEqual(keptFields(grantObject({ metadata: { generation: 2 }, status })), { hold: 'h.3' });
  });

  const verdicts: readonly [what: string, verdict: Verdict, fields: object][] = [
    ['what waits keeps the old hold, as it was', { kind: 'Waits', on: 'Counting' }, { hold: 'h.3' }],
    [
      'what is held anew is recorded as of this generation',
      { kind: 'Held', hold: 'h.4' },
      { hold: 'h.4', since: '2026-06-01T12:00:00Z' },
    ],
    [
      'so is an acknowledgement',
      { kind: 'Acknowledged', hold: 'h.4', recorded: false },
      { hold: 'h.4', since: '2026-06-01T12:00:00Z', answer: 'Acknowledged' },
    ],
    [
      'so is what a person discarded',
      { kind: 'Discarded', hold: 'h.4', recorded: false },
      { hold: 'h.4', since: '2026-06-01T12:00:00Z' },
    ],
  ];
  for (const [what, verdict, fields] of verdicts)
    test(`after an edit ${what}`, () => {
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

  test('is planned as the desk holds it, where an edit came before the first word on it', () => {
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
