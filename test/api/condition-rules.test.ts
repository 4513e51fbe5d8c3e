import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Condition } from '../../src/api/conditions.ts';
import { type CheckedObject, checkConditions } from './condition-rules.ts';

function condition(type: string, status: Condition['status'], changes: Partial<Condition> = {}): Condition {
  return {
    type,
    status,
    observedGeneration: 2,
    lastTransitionTime: '2026-11-24T08:00:00Z',
    reason: 'Granted',
    message: 'All is as declared.',
    ...changes,
  };
}

function grant(...conditions: Condition[]): CheckedObject {
  return {
    kind: 'AsanaLicenseGrant',
    metadata: { generation: 2 },
    status: { observedGeneration: 2, conditions },
  };
}

/** Returns a grant of the kind whose Ready condition has `reason`, with `more` fields in its status. */
function grantOf(
  kind: string,
  ready: Condition['status'],
  reason: string,
  more: Record<string, unknown> = {},
  ...conditions: Condition[]
): CheckedObject {
  const reasoned = condition('Ready', ready, { reason });
  return {
    kind,
    metadata: { generation: 2 },
    status: { observedGeneration: 2, conditions: [reasoned, ...conditions], ...more },
  };
}

const NOW = '2026-11-24T08:00:00Z';
const planned = { action: 'RevokeEnterprise', reason: 'Deleted.' };
const hold = { reason: 'ListingShort', id: 'h1', since: NOW, token: 'h1.1', count: 3, people: 3 };

function connector(...conditions: Condition[]): CheckedObject {
  return { ...grant(...conditions), kind: 'AsanaConnector' };
}

const progressing = { reason: 'Progressing', message: 'Under way.' };
const stalled = { reason: 'UserIsGuest', message: 'A guest.' };
const suspended = { reason: 'Suspended', message: 'Suspended.' };

const KEPT: { because: string; object: CheckedObject }[] = [
  {
    because: 'the object has not been reconciled yet',
    object: { kind: 'AsanaLicenseGrant', metadata: { generation: 1 } },
  },
  { because: 'it is Ready', object: grant(condition('Ready', 'True')) },
  {
    because: 'it is Reconciling',
    object: grant(condition('Ready', 'False', progressing), condition('Reconciling', 'True', progressing)),
  },
  {
    because: 'it is Stalled',
    object: grant(condition('Ready', 'False', stalled), condition('Stalled', 'True', stalled)),
  },
  {
    because: 'it was suspended before the first reconcile',
    object: grant(condition('Ready', 'Unknown', suspended)),
  },
  {
    because: 'a new generation is being reconciled',
    object: connector(
      condition('Ready', 'Unknown', { reason: 'Syncing' }),
      condition('Reconciling', 'True', { reason: 'Syncing' }),
    ),
  },
  {
    because: 'it is Ready although it has drifted',
    object: grant(condition('Ready', 'True'), condition('Drifted', 'True', { reason: 'ChangedElsewhere' })),
  },
  {
    because: 'a condition is about an earlier generation while Ready is False',
    object: connector(
      condition('Ready', 'False', { reason: 'SecretNotFound' }),
      condition('Stalled', 'True', { reason: 'SecretNotFound' }),
      condition('Synced', 'True', { reason: 'Synced', observedGeneration: 1 }),
    ),
  },
  {
    because: 'it is Planned and contains the plan',
    object: grantOf('AsanaLicenseGrant', 'True', 'Planned', { planned }),
  },
  {
    because: 'an account is absent as declared',
    object: grantOf('AsanaAccount', 'True', 'Removed', { observed: { account: 'Absent', since: NOW } }),
  },
  {
    because: 'a membership is Granted and has an end',
    object: grantOf('AsanaTeamGrant', 'True', 'Granted', {
      team: { gid: '7', name: 'Design' },
      observed: { membership: 'LimitedAccess', since: NOW },
      applied: { membership: 'LimitedAccess', at: NOW, adopted: true },
      expiresAt: '2027-01-31T00:00:00Z',
      endSetAt: NOW,
      expiresSoonToldAt: NOW,
    }),
  },
  {
    because: 'a held removal was acknowledged',
    object: grantOf(
      'AsanaLicenseGrant',
      'False',
      'RemovalsPaused',
      { planned: { ...planned, hold: 'h1.2', answer: 'Acknowledged' } },
      condition('Reconciling', 'True', { reason: 'RemovalsPaused' }),
    ),
  },
  {
    because: 'there are two holds',
    object: {
      kind: 'AsanaConnector',
      metadata: { generation: 2 },
      status: {
        observedGeneration: 2,
        conditions: [
          condition('Ready', 'True', { reason: 'Degraded' }),
          condition('RemovalsPaused', 'True', { reason: 'ListingShort' }),
        ],
        holds: [hold, { ...hold, reason: 'TooManyRemovals' }],
      },
    },
  },
  {
    because: 'the status is behind the generation of the object',
    object: { ...grant(condition('Ready', 'True')), metadata: { generation: 3 } },
  },
];

const BROKEN: { says: string; because?: string; object: CheckedObject }[] = [
  { says: 'Ready is missing', object: grant() },
  {
    says: 'Reconciling and Stalled are both True',
    object: grant(
      condition('Ready', 'False', progressing),
      condition('Reconciling', 'True', progressing),
      condition('Stalled', 'True', stalled),
    ),
  },
  {
    says: 'Ready is True although Reconciling is True',
    object: grant(condition('Ready', 'True'), condition('Reconciling', 'True', progressing)),
  },
  {
    says: 'Ready is True although Stalled is True',
    object: grant(condition('Ready', 'True'), condition('Stalled', 'True', stalled)),
  },
  {
    says: 'Ready is Unknown although Stalled is True',
    object: grant(condition('Ready', 'Unknown', suspended), condition('Stalled', 'True', stalled)),
  },
  {
    says: 'Ready is Unknown with the reason Progressing although Reconciling is not True',
    object: grant(condition('Ready', 'Unknown', progressing)),
  },
  {
    says: 'status.observedGeneration is missing',
    object: {
      ...grant(),
      status: { conditions: [condition('Ready', 'False', { ...progressing, observedGeneration: 1 })] },
    },
  },
  {
    says: 'status.observedGeneration is greater than metadata.generation',
    object: {
      ...grant(),
      status: { observedGeneration: 3, conditions: [condition('Ready', 'False', progressing)] },
    },
  },
  {
    says: 'two conditions have the same type',
    object: grant(condition('Ready', 'True'), condition('Ready', 'True')),
  },
  {
    says: 'Synced is not a condition of this kind',
    object: grant(condition('Ready', 'True'), condition('Synced', 'True', { reason: 'Synced' })),
  },
  {
    says: 'Drifted is not a condition of this kind',
    object: connector(
      condition('Ready', 'True', { reason: 'Synced' }),
      condition('Drifted', 'True', { reason: 'ChangedElsewhere' }),
    ),
  },
  {
    says: 'Ready has the unknown reason Whatever',
    object: grant(condition('Ready', 'True', { reason: 'Whatever' })),
  },
  {
    says: 'Ready has the unknown reason toString',
    object: grant(condition('Ready', 'True', { reason: 'toString' })),
  },
  {
    says: 'Drifted has the unknown reason Granted',
    object: grant(condition('Ready', 'True'), condition('Drifted', 'True')),
  },
  {
    says: 'Ready has the unknown reason SecretNotFound',
    object: grant(condition('Ready', 'True', { reason: 'SecretNotFound' })),
  },
  ...['Reconciling', 'Stalled', 'Expired'].map((type) => ({
    says: `${type} is present although it is False`,
    object: grant(condition('Ready', 'True'), condition(type, 'False')),
  })),
  {
    says: 'Drifted is present although it is Unknown',
    object: grant(
      condition('Ready', 'True'),
      condition('Drifted', 'Unknown', { reason: 'ChangedElsewhere' }),
    ),
  },
  {
    says: 'RemovalsPaused is present although it is False',
    object: {
      kind: 'AsanaConnector',
      metadata: { generation: 2 },
      status: {
        observedGeneration: 2,
        conditions: [
          condition('Ready', 'True', { reason: 'Synced' }),
          condition('RemovalsPaused', 'False', { reason: 'TooManyRemovals' }),
        ],
        holds: [hold],
      },
    },
  },
  {
    says: 'the observedGeneration of Ready is greater than metadata.generation',
    object: grant(condition('Ready', 'False', { ...progressing, observedGeneration: 3 })),
  },
  {
    says: 'the observedGeneration of CredentialsValid is not that of the status although Ready is True',
    object: connector(
      condition('Ready', 'True', { reason: 'Synced' }),
      condition('CredentialsValid', 'True', { reason: 'Accepted', observedGeneration: 1 }),
    ),
  },
  ...['', '2026-11-24', '2026-11-24T08:00:00', '2026-11-24T08:00:00.5Z', '2026-13-24T08:00:00Z'].map(
    (lastTransitionTime) => ({
      says: 'the lastTransitionTime of Ready is not an RFC 3339 time in UTC with whole seconds',
      because: `it is "${lastTransitionTime}"`,
      object: grant(condition('Ready', 'True', { lastTransitionTime })),
    }),
  ),
  {
    says: 'Ready is False with the reason Granted',
    object: grantOf('AsanaTeamGrant', 'False', 'Granted'),
  },
  {
    says: 'Ready is True with the reason UserIsGuest',
    object: grantOf('AsanaAccount', 'True', 'UserIsGuest'),
  },
  {
    says: 'status.planned is missing although the reason is Planned',
    object: grantOf('AsanaLicenseGrant', 'True', 'Planned'),
  },
  {
    says: 'status.planned is present although the reason is Granted',
    object: grantOf('AsanaLicenseGrant', 'True', 'Granted', { planned }),
  },
  {
    says: 'Removed is not a reason of this kind',
    object: grantOf('AsanaWorkspaceGrant', 'True', 'Removed'),
  },
  {
    says: 'the condition Expired is missing although the reason is Expired',
    object: grantOf('AsanaWorkspaceGrant', 'True', 'Expired'),
  },
  {
    says: 'status.applied is present although the reason is Removed',
    object: grantOf('AsanaAccount', 'True', 'Removed', {
      applied: { account: 'Active', at: NOW, adopted: false },
    }),
  },
  {
    says: 'planned.notBefore is missing although the reason is RemovalPending',
    object: grantOf(
      'AsanaLicenseGrant',
      'False',
      'RemovalPending',
      { planned },
      condition('Reconciling', 'True', { reason: 'RemovalPending' }),
    ),
  },
  {
    says: 'planned.answer is present without planned.hold',
    object: grantOf('AsanaLicenseGrant', 'True', 'Planned', {
      planned: { ...planned, answer: 'Acknowledged' },
    }),
  },
  {
    says: 'only one of expiresAt and endSetAt is present',
    object: grantOf('AsanaLicenseGrant', 'True', 'Granted', { expiresAt: '2027-01-31T00:00:00Z' }),
  },
  {
    says: 'expiresSoonToldAt is present without expiresAt',
    object: grantOf('AsanaLicenseGrant', 'True', 'Granted', { expiresSoonToldAt: NOW }),
  },
  {
    says: 'status.observed.license is not a field of this kind',
    object: grantOf('AsanaTeamGrant', 'True', 'Granted', {
      observed: { membership: 'Member', license: 'Enterprise', since: NOW },
    }),
  },
  {
    says: 'status.planned.action must be equal to one of the allowed values',
    object: grantOf('AsanaTeamGrant', 'True', 'Planned', { planned }),
  },
  {
    says: 'RemovalsPaused is present without a hold',
    object: connector(
      condition('Ready', 'True', { reason: 'Degraded' }),
      condition('RemovalsPaused', 'True', { reason: 'TooManyRemovals' }),
    ),
  },
  {
    says: 'a hold is present without RemovalsPaused',
    object: {
      kind: 'AsanaConnector',
      metadata: { generation: 2 },
      status: {
        observedGeneration: 2,
        conditions: [condition('Ready', 'True', { reason: 'Degraded' })],
        holds: [hold],
      },
    },
  },
  { says: 'Ready has no message', object: grant(condition('Ready', 'True', { message: ' ' })) },
  {
    says: 'Ready has a message of 1025 characters',
    object: grant(condition('Ready', 'True', { message: 'x'.repeat(1025) })),
  },
];

describe('the checker of the condition rules', () => {
  for (const { because, object } of KEPT) {
    test(`accepts a status if ${because}`, () => {
      assert.deepEqual(checkConditions(object), []);
    });
  }

  for (const { says, because, object } of BROKEN) {
    test(`reports that ${says}${because === undefined ? '' : `: ${because}`}`, () => {
      assert.deepEqual(checkConditions(object), [says]);
    });
  }
});
