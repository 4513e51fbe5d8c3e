import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { connectorPhases } from '../../src/api/condition-types.ts';
import {
  type Condition,
  type ConditionDraft,
  findCondition,
  type GrantOutcome,
  grantConditions,
  newlyStalled,
  phaseOf,
  readiness,
  settleConditions,
} from '../../src/api/conditions.ts';
import type { GrantKindName } from '../../src/api/kinds.ts';
import { connectorReasons, type GrantReason, grantReasons } from '../../src/api/reasons.ts';
import { formatTime } from '../../src/core/clock.ts';
import { checkConditions } from './condition-rules.ts';

const NOW = Date.parse('2026-11-24T08:00:00Z');
const LATER = NOW + 3_600_000;

/** Returns the status of each of the three conditions, `-` for an absent one. */
function picture(conditions: readonly Condition[]): string {
  const statusOf = (type: string) => findCondition(conditions, type)?.status ?? '-';
  return ['Ready', 'Reconciling', 'Stalled'].map((type) => `${type} ${statusOf(type)}`).join(', ');
}

function settle(outcome: GrantOutcome, before?: readonly Condition[], now = NOW, generation = 1) {
  return grantConditions(before, outcome, generation, now);
}

const DONE = 'Ready True, Reconciling -, Stalled -';
const UNDER_WAY = 'Ready False, Reconciling True, Stalled -';
const STUCK = 'Ready False, Reconciling -, Stalled True';

/** The Ready, Reconciling and Stalled conditions of each grant reason. */
const EXPECTED: Record<GrantReason, string> = {
  Granted: DONE,
  Removed: DONE,
  Planned: DONE,
  Scheduled: DONE,
  Expired: DONE,
  Superseded: DONE,
  Progressing: UNDER_WAY,
  RemovalPending: UNDER_WAY,
  Throttled: UNDER_WAY,
  AsanaUnavailable: UNDER_WAY,
  ConnectorNotReady: UNDER_WAY,
  ConnectorNotFound: UNDER_WAY,
  UserNotFound: UNDER_WAY,
  TeamNotFound: UNDER_WAY,
  LicenseLimitReached: UNDER_WAY,
  RemovalsPaused: UNDER_WAY,
  ClockSkew: UNDER_WAY,
  ConflictingGrant: STUCK,
  NamespaceNotAllowed: STUCK,
  UserIsGuest: STUCK,
  LicensesUnavailable: STUCK,
  LicenseNotAccepted: STUCK,
  ProtectedUser: STUCK,
  DeprovisionNotAllowed: STUCK,
  IdentityChanged: STUCK,
  Contended: STUCK,
  TeamAmbiguous: STUCK,
  NotTeamMember: STUCK,
  PreviouslyRemoved: STUCK,
  WorkspaceNotSet: STUCK,
  WorkspaceNotFound: STUCK,
  StillDeclared: STUCK,
  DurationTooLong: STUCK,
  OrganizationChanged: STUCK,
  RemovalDiscarded: STUCK,
  AsanaRefused: STUCK,
  Suspended: 'Ready Unknown, Reconciling -, Stalled -',
};

/** The other status fields that some reasons require. */
const BESIDE: Partial<Record<GrantReason, object>> = {
  Planned: { planned: { action: 'Deprovision', reason: 'Declared.' } },
  RemovalPending: {
    planned: { action: 'Deprovision', notBefore: '2027-01-31T00:00:00Z', reason: 'Deleted.' },
  },
};

/** Returns a kind whose grants may have the reason. */
function kindWith(reason: GrantReason): GrantKindName {
  if (reason === 'LicenseLimitReached') return 'AsanaLicenseGrant';
  return reason.includes('Team') ? 'AsanaTeamGrant' : 'AsanaAccount';
}

describe('the conditions of a grant', () => {
  for (const [reason, expected] of Object.entries(EXPECTED) as [GrantReason, string][]) {
    test(`for ${reason} on a new grant are ${expected}, and satisfy the rules`, () => {
      const conditions = settle({ reason, message: 'Why.', expired: reason === 'Expired' });
      assert.equal(picture(conditions), expected);
      for (const condition of conditions) assert.equal(condition.reason, reason, condition.type);
      assert.deepEqual(
        checkConditions({
          kind: kindWith(reason),
          metadata: { generation: 1 },
          status: { observedGeneration: 1, conditions, ...BESIDE[reason] },
        }),
        [],
      );
    });
  }

  test('are newly stalled if they stall for the first time or for another reason, and not otherwise', () => {
    const guest = settle({ reason: 'UserIsGuest', message: 'A guest.' });
    const refused = settle({ reason: 'AsanaRefused', message: 'Refused.' }, guest);
    const waiting = settle({ reason: 'AsanaRefused', message: 'Again soon.', retrying: true }, guest);
    assert.equal(newlyStalled(undefined, guest), true);
    assert.equal(newlyStalled(guest, guest), false);
    assert.equal(newlyStalled(guest, refused), true);
    assert.equal(newlyStalled(guest, waiting), false, 'a grant that is retried is not stalled');
    assert.equal(newlyStalled(waiting, refused), true);
  });

  for (const { earlier, expected } of [
    { earlier: 'Granted', expected: 'True' },
    { earlier: 'UserIsGuest', expected: 'False' },
    { earlier: 'Suspended', expected: 'Unknown' },
  ] as const) {
    test(`for Suspended after ${earlier} keep Ready ${expected}, without Reconciling and Stalled`, () => {
      const conditions = settle(
        { reason: 'Suspended', message: 'Suspended.' },
        settle({ reason: earlier, message: 'Before.' }),
      );
      assert.equal(picture(conditions), `Ready ${expected}, Reconciling -, Stalled -`);
    });
  }

  test('contain Reconciling instead of Stalled for a stalling reason while it is retried', () => {
    const outcome: GrantOutcome = { reason: 'LicenseNotAccepted', message: 'Again soon.', retrying: true };
    assert.equal(picture(settle(outcome)), UNDER_WAY);
  });

  test('contain Ready True for Granted even if the outcome is retrying', () => {
    assert.equal(picture(settle({ reason: 'Granted', message: 'Done.', retrying: true })), DONE);
  });

  test('contain Drifted only while the outcome reports a drift', () => {
    const drifted = settle({ reason: 'Progressing', message: 'Under way.', drifted: 'Set to view-only.' });
    const { status, reason, message } = findCondition(drifted, 'Drifted') ?? {};
    assert.deepEqual(
      { status, reason, message },
      {
        status: 'True',
        reason: 'ChangedElsewhere',
        message: 'Set to view-only.',
      },
    );
    for (const outcome of [{ drifted: null }, {}]) {
      const after = settle({ reason: 'Granted', message: 'Set back.', ...outcome }, drifted, LATER);
      assert.equal(findCondition(after, 'Drifted'), undefined, JSON.stringify(outcome));
    }
  });

  test('contain Expired only while the outcome has expired', () => {
    const expired = settle({ reason: 'RemovalPending', message: 'Soon.', expired: true });
    assert.equal(findCondition(expired, 'Expired')?.status, 'True');
    const extended = settle({ reason: 'Granted', message: 'Done.', expired: false }, expired, LATER);
    assert.equal(findCondition(extended, 'Expired'), undefined);
  });
});

describe('the transition time of a condition', () => {
  const draft = (status: Condition['status'], reason = 'Granted'): ConditionDraft => ({
    type: 'Ready',
    status,
    reason,
    message: `${reason}.`,
  });

  test('stays the same if only the reason, message and generation change', () => {
    const before = settleConditions(undefined, [draft('False', 'Throttled')], 1, NOW);
    const [after] = settleConditions(before, [draft('False', 'UserNotFound')], 2, LATER);
    assert.deepEqual(after, {
      type: 'Ready',
      status: 'False',
      observedGeneration: 2,
      lastTransitionTime: formatTime(NOW),
      reason: 'UserNotFound',
      message: 'UserNotFound.',
    });
  });

  test('changes with the status', () => {
    const before = settleConditions(undefined, [draft('False')], 1, NOW);
    const [after] = settleConditions(before, [draft('True')], 1, LATER);
    assert.equal(after?.lastTransitionTime, formatTime(LATER));
  });

  test('is new for a condition that was absent before', () => {
    const stalled = settle({ reason: 'UserIsGuest', message: 'A guest.' });
    const granted = settle({ reason: 'Granted', message: 'Done.' }, stalled, NOW + 60_000);
    const again = settle({ reason: 'UserIsGuest', message: 'A guest.' }, granted, LATER);
    assert.equal(findCondition(again, 'Stalled')?.lastTransitionTime, formatTime(LATER));
  });

  test('changes only with the status, in every sequence of outcomes', () => {
    const reasons = fc.array(fc.constantFrom(...(Object.keys(grantReasons) as GrantReason[])), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(reasons, (sequence) => {
        let before: readonly Condition[] = [];
        for (const [step, reason] of sequence.entries()) {
          const now = NOW + step * 1000;
          const after = settle({ reason, message: 'Why.' }, before, now, step + 1);
          for (const { type, status, lastTransitionTime } of after) {
            const old = findCondition(before, type);
            const expected = old?.status === status ? old.lastTransitionTime : formatTime(now);
            assert.equal(lastTransitionTime, expected, `${type} after ${reason}`);
          }
          before = after;
        }
      }),
    );
  });
});

describe('the message of a condition', () => {
  const messageOf = (message: string) => settle({ reason: 'AsanaRefused', message })[0]?.message ?? '';

  test('of 1024 characters is kept unchanged', () => {
    const message = 'x'.repeat(1024);
    assert.equal(messageOf(message), message);
  });

  test('is cut after a word if one ends in its second half', () => {
    const cut = messageOf('word '.repeat(300));
    assert.ok(cut.length <= 1024 && cut.endsWith('word…'), cut.slice(-20));
  });

  test('is cut at 1024 characters if no word ends in its second half', () => {
    assert.equal(messageOf(`short ${'x'.repeat(2000)}`).length, 1024);
  });

  test('never exceeds 1024 characters, and never contains half a character', () => {
    const anything = fc.string({ unit: 'grapheme', maxLength: 3000, minLength: 900, size: 'max' });
    const halves = fc.array(fc.constantFrom('\ud83d', '\udc4d', '👍', 'a'), { maxLength: 2000, size: 'max' });
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          halves.map((parts) => parts.join('')),
        ),
        (message) => {
          const kept = messageOf(message);
          assert.ok(kept.length <= 1024, `${kept.length} characters`);
          assert.ok(kept.isWellFormed(), 'half a character');
        },
      ),
    );
  });
});

describe('the readiness of a connector', () => {
  for (const [reason, { class: reasonClass }] of Object.entries(connectorReasons)) {
    test(`satisfies the condition rules for ${reason} (${reasonClass})`, () => {
      const drafts = readiness(reasonClass, reason, 'Why.', undefined);
      assert.deepEqual(
        checkConditions({
          kind: 'AsanaConnector',
          metadata: { generation: 1 },
          status: { observedGeneration: 1, conditions: settleConditions(undefined, drafts, 1, NOW) },
        }),
        [],
      );
    });
  }
});

describe('the phase of a connector', () => {
  /** The phases in order of precedence, each with facts that lead to it. */
  const LADDER: {
    phase: keyof typeof connectorPhases;
    suspended?: true;
    notBegun?: true;
    conditions?: string[];
  }[] = [
    { phase: 'Suspended', suspended: true },
    { phase: 'Failed', conditions: ['Stalled=True'] },
    { phase: 'Pending', notBegun: true },
    { phase: 'Syncing', conditions: ['Reconciling=True'] },
    { phase: 'Degraded', conditions: ['Synced=False'] },
    { phase: 'Degraded', conditions: ['ScimAvailable=False'] },
    { phase: 'Degraded', conditions: ['ConductorOneConnected=False'] },
    { phase: 'Degraded', conditions: ['RemovalsPaused=True'] },
    { phase: 'Connected', conditions: ['Ready=True', 'Synced=True', 'ScimAvailable=True'] },
    { phase: 'Connected', conditions: ['Synced=Unknown', 'ScimAvailable=Unknown'] },
  ];

  function conditionsOf(texts: readonly string[]): Condition[] {
    return texts.map((text) => {
      const [type = '', status = ''] = text.split('=');
      return {
        type,
        status: status as Condition['status'],
        observedGeneration: 1,
        lastTransitionTime: formatTime(NOW),
        reason: 'Synced',
        message: 'Why.',
      };
    });
  }

  function phaseOfAll(rungs: typeof LADDER): string {
    return phaseOf(conditionsOf(rungs.flatMap(({ conditions }) => conditions ?? [])), {
      suspended: rungs.some(({ suspended }) => suspended),
      syncBegun: !rungs.some(({ notBegun }) => notBegun),
    });
  }

  for (const rung of LADDER) {
    const cause = rung.suspended
      ? 'suspend'
      : rung.notBegun
        ? 'no sync begun'
        : rung.conditions?.join(' and ');
    test(`is ${rung.phase} for ${cause} alone`, () => {
      assert.equal(phaseOfAll([rung]), rung.phase);
    });
  }

  test('is the first that applies if several do', () => {
    // Subsets of the ladder without its last two rungs, which only mean that nothing is wrong.
    fc.assert(
      fc.property(fc.subarray(LADDER.slice(0, -2), { minLength: 1 }), (rungs) => {
        assert.equal(phaseOfAll(rungs), rungs[0]?.phase);
      }),
    );
  });

  test('is one of the values of connectorPhases, in their order of precedence', () => {
    assert.deepEqual([...new Set(LADDER.map(({ phase }) => phase))], Object.keys(connectorPhases));
  });
});
