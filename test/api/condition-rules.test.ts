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
    because: 'nobody has looked at it yet',
    object: { kind: 'AsanaLicenseGrant', metadata: { generation: 1 } },
  },
  { because: 'it is Ready', object: grant(condition('Ready', 'True')) },
  {
    because: 'it is on its way',
    object: grant(condition('Ready', 'False', progressing), condition('Reconciling', 'True', progressing)),
  },
  {
    because: 'a person must act',
    object: grant(condition('Ready', 'False', stalled), condition('Stalled', 'True', stalled)),
  },
  { because: 'it was suspended before anything', object: grant(condition('Ready', 'Unknown', suspended)) },
  {
    because: 'a new generation is being worked on',
    object: connector(
      condition('Ready', 'Unknown', { reason: 'Syncing' }),
      condition('Reconciling', 'True', { reason: 'Syncing' }),
    ),
  },
  {
    because: 'it is Ready in spite of a drift it may not set back',
    object: grant(condition('Ready', 'True'), condition('Drifted', 'True', { reason: 'ChangedElsewhere' })),
  },
  {
    because: 'only a Ready object must speak of one generation throughout',
    object: connector(
      condition('Ready', 'False', { reason: 'SecretNotFound' }),
      condition('Stalled', 'True', { reason: 'SecretNotFound' }),
      condition('Synced', 'True', { reason: 'Synced', observedGeneration: 1 }),
    ),
  },
  {
    because: 'it is planned and says what',
    object: grantOf('AsanaLicenseGrant', 'True', 'Planned', { planned }),
  },
  {
    because: 'an account is gone as declared',
    object: grantOf('AsanaAccount', 'True', 'Removed', { observed: { account: 'Absent', since: NOW } }),
  },
  {
    because: 'a membership is held until its end',
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
    because: 'a removal is held and answered',
    object: grantOf(
      'AsanaLicenseGrant',
      'False',
      'RemovalsPaused',
      { planned: { ...planned, hold: 'h1.2', answer: 'Acknowledged' } },
      condition('Reconciling', 'True', { reason: 'RemovalsPaused' }),
    ),
  },
  {
    because: 'two holds stand',
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
    because: 'the status may lag behind the object',
    object: { ...grant(condition('Ready', 'True')), metadata: { generation: 3 } },
  },
];

const BROKEN: { says: string; object: CheckedObject }[] = [
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
    says: 'Ready is Unknown for Progressing without Reconciling',
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
    says: 'status.observedGeneration is ahead of the object',
    object: {
      ...grant(),
      status: { observedGeneration: 3, conditions: [condition('Ready', 'False', progressing)] },
    },
  },
  {
    says: 'a type is there twice',
    object: grant(condition('Ready', 'True'), condition('Ready', 'True')),
  },
  {
    says: 'Synced is no condition of this kind',
    object: grant(condition('Ready', 'True'), condition('Synced', 'True', { reason: 'Synced' })),
  },
  {
    says: 'Drifted is no condition of this kind',
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
    says: `${type} is False`,
    object: grant(condition('Ready', 'True'), condition(type, 'False')),
  })),
  {
    says: 'Drifted is Unknown',
    object: grant(
      condition('Ready', 'True'),
      condition('Drifted', 'Unknown', { reason: 'ChangedElsewhere' }),
    ),
  },
  {
    says: 'RemovalsPaused is False',
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
    says: 'Ready is ahead of the object',
    object: grant(condition('Ready', 'False', { ...progressing, observedGeneration: 3 })),
  },
  {
    says: 'CredentialsValid speaks of another generation than the status although Ready is True',
    object: connector(
      condition('Ready', 'True', { reason: 'Synced' }),
      condition('CredentialsValid', 'True', { reason: 'Accepted', observedGeneration: 1 }),
    ),
  },
  ...['', '2026-11-24', '2026-11-24T08:00:00', '2026-11-24T08:00:00.5Z', '2026-13-24T08:00:00Z'].map(
    (lastTransitionTime) => ({
      says: 'Ready has no RFC 3339 transition time',
      object: grant(condition('Ready', 'True', { lastTransitionTime })),
    }),
  ),
  { says: 'Ready is False for Granted', object: grantOf('AsanaTeamGrant', 'False', 'Granted') },
  { says: 'Ready is True for UserIsGuest', object: grantOf('AsanaAccount', 'True', 'UserIsGuest') },
  { says: 'Planned without a plan', object: grantOf('AsanaLicenseGrant', 'True', 'Planned') },
  { says: 'Granted with a plan', object: grantOf('AsanaLicenseGrant', 'True', 'Granted', { planned }) },
  { says: 'Removed is no reason of this kind', object: grantOf('AsanaWorkspaceGrant', 'True', 'Removed') },
  {
    says: 'Ready says Expired without the condition Expired',
    object: grantOf('AsanaWorkspaceGrant', 'True', 'Expired'),
  },
  {
    says: 'what is Removed is applied',
    object: grantOf('AsanaAccount', 'True', 'Removed', {
      applied: { account: 'Active', at: NOW, adopted: false },
    }),
  },
  {
    says: 'RemovalPending without planned.notBefore',
    object: grantOf(
      'AsanaLicenseGrant',
      'False',
      'RemovalPending',
      { planned },
      condition('Reconciling', 'True', { reason: 'RemovalPending' }),
    ),
  },
  {
    says: 'planned.answer without planned.hold',
    object: grantOf('AsanaLicenseGrant', 'True', 'Planned', {
      planned: { ...planned, answer: 'Acknowledged' },
    }),
  },
  {
    says: 'expiresAt and endSetAt are not there together',
    object: grantOf('AsanaLicenseGrant', 'True', 'Granted', { expiresAt: '2027-01-31T00:00:00Z' }),
  },
  {
    says: 'expiresSoonToldAt without expiresAt',
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
    says: 'RemovalsPaused is there without a hold',
    object: connector(
      condition('Ready', 'True', { reason: 'Degraded' }),
      condition('RemovalsPaused', 'True', { reason: 'TooManyRemovals' }),
    ),
  },
  {
    says: 'a hold is there without RemovalsPaused',
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
    test(`lets a status pass when ${because}`, () => {
      assert.deepEqual(checkConditions(object), []);
    });
  }

  for (const { says, object } of BROKEN) {
    test(`complains that "${says}" about ${JSON.stringify(object.status).slice(0, 60)}…`, () => {
      assert.deepEqual(checkConditions(object), [says]);
    });
  }
});
