import { isDeepStrictEqual } from 'node:util';
import { type Static, type TObject, type TProperties, Type } from 'typebox';
import {
  type CelRule,
  choice,
  conditions,
  count,
  duration,
  durationBounds,
  email,
  flag,
  gid,
  handledRequest,
  instant,
  namespaceName,
  object,
  objectName,
  text,
  timestampText,
} from './schema.ts';

/** The fields and rules that all grant kinds share, whatever the right. Each kind adds its own. */

export type DeletionPolicy = 'Revoke' | 'Retain';
export type License = 'Enterprise' | 'ViewOnly';
export type TeamMembership = 'Member' | 'Admin' | 'Guest' | 'LimitedAccess' | 'None';
export type AccountState = 'Active' | 'Absent';

/** Every action that a grant of any kind may lead to. */
export type GrantAction =
  | 'GrantEnterprise'
  | 'RevokeEnterprise'
  | 'AddToTeam'
  | 'RemoveFromTeam'
  | 'AddToWorkspace'
  | 'RemoveFromWorkspace'
  | 'CreateAccount'
  | 'InviteAccount'
  | 'Deprovision';

const connectorRef = object(
  'The AsanaConnector that carries out this grant. Immutable: to use another connector, delete the grant and create a new one.',
  {
    name: objectName('Name of the AsanaConnector. While there is none, the grant waits (ConnectorNotFound).'),
    namespace: Type.Optional(
      namespaceName(
        "Namespace of the AsanaConnector. Default: the grant's own namespace. Any other namespace works only if the connector lists the grant's namespace in provisioning.allowedNamespaces.",
      ),
    ),
  },
);

/**
 * Returns the fields of the spec that every kind has.
 *
 * @param deletionPolicy the default of the field, and the description of what Revoke does for this kind
 */
export function grantFields(deletionPolicy: { readonly fallback: DeletionPolicy; readonly revoke: string }) {
  const { fallback, revoke } = deletionPolicy;
  return {
    connectorRef,
    deletionPolicy: choice(
      `What happens in Asana when the object is deleted or the grant expires. Revoke: ${revoke} Retain: Asana stays as it is. Default ${fallback}.`,
      ['Revoke', 'Retain'],
      fallback,
    ),
    startsAt: Type.Optional(
      timestampText(
        'When the grant begins, as an RFC 3339 timestamp such as 2026-12-01T00:00:00Z. Before that time the grant is Ready with reason Scheduled and nothing is changed in Asana. Once the grant has been applied, a later startsAt has no effect, unless the license is changed or ensure is set to Absent: these begin at startsAt. Default: the grant begins immediately.',
      ),
    ),
    expiresAt: Type.Optional(
      timestampText(
        'When the grant ends, as an RFC 3339 timestamp such as 2027-01-31T00:00:00Z. What happens then depends on deletionPolicy. A later time extends the grant. Cannot be combined with duration. Default: the grant does not end at a fixed time.',
      ),
    ),
    duration: Type.Optional(
      duration(
        'How long the grant lasts, counted from when this object first holds the right in Asana; a duration such as 8h or 90m, from 1s to 87600h. The end is shown in status.expiresAt. A longer duration extends the grant. Cannot be combined with expiresAt. Default: the grant does not end after a fixed time.',
      ),
    ),
    reason: Type.Optional(
      text(
        'Why the person has this access, for example a ticket number. It is written to the audit log and is not sent to Asana. Default: none.',
        { maxLength: 512 },
      ),
    ),
    suspend: flag(
      'Stop all work on this grant. A suspended grant changes nothing in Asana and does not compete with other grants for the same right. If it is deleted while suspended, Asana stays as it is. Default false.',
      false,
    ),
  };
}

const user = object(
  'The person that the grant is for: set exactly one of email and gid. Immutable: to name another person, delete the grant and create a new one.',
  {
    email: Type.Optional(
      email(
        'Email address in lower case. It is used to find the account once; from then on the gid in status.user identifies the account, even if the address changes.',
      ),
    ),
    gid: Type.Optional(gid('The gid of the account in Asana, in quotes.')),
  },
  {
    rules: [
      {
        rule: 'has(self.email) != has(self.gid)',
        message: 'specify exactly one of user.email and user.gid',
        holds: ({ email, gid }) => (email === undefined) !== (gid === undefined),
      },
    ],
  },
);

/** The field that names the person, for every kind except AsanaAccount. */
export const userField = { user };

/** Returns a rule that a field cannot change after creation; with `optional`, it may be absent and then stays so. */
export function immutable(field: string, optional = false): CelRule {
  const same = `self.${field} == oldSelf.${field}`;
  return {
    rule: optional ? `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || ${same})` : same,
    message: `${field} is immutable: delete this grant and create another one`,
    fieldPath: `.${field}`,
    keeps: (self, before) => isDeepStrictEqual(self[field], before[field]),
  };
}

type Ends = {
  readonly startsAt?: string;
  readonly expiresAt?: string;
  readonly duration?: string;
  readonly deletionPolicy: DeletionPolicy;
};

/** The rules of the spec that every kind has. */
export const grantRules: readonly CelRule<Ends>[] = [
  immutable('connectorRef'),
  {
    rule: '!(has(self.expiresAt) && has(self.duration))',
    message: 'specify at most one of expiresAt and duration',
    fieldPath: '.duration',
    holds: ({ expiresAt, duration }) => expiresAt === undefined || duration === undefined,
  },
  durationBounds('duration', '1s', '87600h'),
  {
    // In CEL, a field of the format date-time is already a timestamp.
    rule: '!has(self.startsAt) || !has(self.expiresAt) || self.startsAt < self.expiresAt',
    message: 'expiresAt must be later than startsAt',
    fieldPath: '.expiresAt',
    holds: ({ startsAt, expiresAt }) =>
      startsAt === undefined || expiresAt === undefined || Date.parse(startsAt) < Date.parse(expiresAt),
  },
];

/** For kinds whose deletionPolicy defaults to Retain: an end with Retain would have no effect. */
export const endTakesBack: CelRule<Ends> = {
  rule: "!(has(self.expiresAt) || has(self.duration)) || self.deletionPolicy == 'Revoke'",
  message: 'expiresAt and duration require deletionPolicy Revoke: with Retain the access would remain',
  fieldPath: '.deletionPolicy',
  holds: ({ expiresAt, duration, deletionPolicy }) =>
    (expiresAt === undefined && duration === undefined) || deletionPolicy === 'Revoke',
};

/** Returns the schema for any value of a right: a license, a membership or an account state. */
const value = (description: string) => Type.String({ description, maxLength: 32 });

/** Returns the fields of the status that do not depend on the right. */
function sharedStatus(actions: readonly GrantAction[]) {
  return {
    observedGeneration: count('The generation of the spec that this status describes.'),
    lastHandledReconcileAt: Type.Optional(
      handledRequest('The last value of the annotation asana-connector.dev/requestedAt that was handled.'),
    ),
    conditions: Type.Optional(
      conditions(
        'The state of the grant by type: Ready, Reconciling, Stalled, Drifted, Expired. The reason of Ready says why; its message says what to do.',
      ),
    ),
    person: Type.Optional(
      text(
        'Whom the grant is about: the current email address, or the declared one until the account is found, or the gid.',
        { maxLength: 320 },
      ),
    ),
    user: Type.Optional(foundUser),
    created: Type.Optional(
      object('The account that an action of this grant created.', {
        gid: Type.String({ description: 'The gid of the account.', maxLength: 64 }),
        at: instant('When it was created.'),
      }),
    ),
    expiresAt: Type.Optional(
      timestampText(
        'When the grant ends: spec.expiresAt, or spec.duration after the right was first held. Absent if the grant has no end, or has not been applied yet.',
      ),
    ),
    endSetAt: Type.Optional(instant('When the value of expiresAt last changed.')),
    endDuration: Type.Optional(
      text('The spec.duration that expiresAt was computed from. An edit of spec.duration moves expiresAt.', {
        maxLength: 12,
      }),
    ),
    expiresSoonToldAt: Type.Optional(instant('When the event ExpiresSoon was written for this end.')),
    planned: Type.Optional(plannedAction(actions)),
    drift: Type.Optional(
      object('Changes to the right that were made outside of this operator and that the operator reverted.', {
        count: Type.Integer({
          description: 'Number of reverted changes. After three within 24 hours the grant is Contended.',
          minimum: 0,
        }),
        since: instant('When the first of these changes was reverted.'),
      }),
    ),
    lastAction: Type.Optional(lastAction(actions)),
    removedGeneration: count(
      'For an AsanaAccount with ensure Absent: the generation for which Asana was last seen to have no such account. If the account appears again, it is not removed again for this generation.',
    ),
    discardedGeneration: count(
      'The generation whose removal was discarded by annotation. The grant is left alone until it is edited.',
    ),
  };
}

/** Recorded next to an observed value. */
const seen = { since: instant('When this value was first seen. Changes only if the value changes.') };

/** Recorded next to an applied value. */
const held = {
  at: instant('When the right was first seen to be held.'),
  adopted: Type.Boolean({
    description: 'True if the person already had the right, false if an action of this grant led to it.',
  }),
};

/**
 * Returns the schema of the status of a kind.
 *
 * @param right the field of the right, as it may be `observed` in Asana and as it may be `applied`; the `actions` that
 *   give or remove the right; and `further` fields of the status
 */
export function grantStatus<O extends TProperties, A extends TProperties, F extends TProperties>(right: {
  readonly observed: O;
  readonly applied: A;
  readonly actions: readonly GrantAction[];
  readonly further: F;
}) {
  return object('What the operator has seen and done. Only the operator writes it.', {
    ...sharedStatus(right.actions),
    ...right.further,
    observed: Type.Optional(object('What was last seen in Asana.', { ...right.observed, ...seen })),
    applied: Type.Optional(
      object('The right that this grant holds in Asana, and revokes when it ends.', {
        ...right.applied,
        ...held,
      }),
    ),
  });
}

const foundTeam = object('The team as it was found in Asana.', {
  gid: Type.String({ description: 'The gid, which identifies the team from now on.', maxLength: 64 }),
  name: Type.Optional(Type.String({ description: 'The current name.', maxLength: 1024 })),
});

type FoundTeam = Static<typeof foundTeam>;

/** The status field for the team of a team grant. */
export const teamField = { team: Type.Optional(foundTeam) };

/** The status field for the workspace of an account or a workspace grant. */
export const workspaceField = {
  workspace: Type.Optional(
    Type.String({
      description:
        'The gid of the workspace. After it is first used, it does not change, even if defaultWorkspace of the connector changes.',
      maxLength: 64,
    }),
  ),
};

const foundUser = object('The account as it was found in Asana.', {
  gid: Type.String({ description: 'The gid, which identifies the account from now on.', maxLength: 64 }),
  email: Type.Optional(Type.String({ description: 'The current email address.', maxLength: 320 })),
  name: Type.Optional(Type.String({ description: 'The current name.', maxLength: 1024 })),
  organization: Type.Optional(
    Type.String({
      description:
        'The gid of the organization, or of the plain workspace, in which the account was found. The gid of the account is valid only there.',
      maxLength: 64,
    }),
  ),
});

function plannedAction(actions: readonly GrantAction[]) {
  return object('The next action; absent if nothing is to be done.', {
    action: choice('The action.', actions),
    since: Type.Optional(
      timestampText('When the removal was first wanted. The removalDelay of the connector runs from then.'),
    ),
    notBefore: Type.Optional(timestampText('The earliest time at which the removal is carried out.')),
    hold: Type.Optional(
      Type.String({
        description:
          'The hold of the connector that stops this removal, as <id>.<n>: the id of the hold, and the number of the change of the hold that added this removal. A token in status.holds of the connector with the same id, and with this n or a higher one, answers the hold for this removal.',
        maxLength: 42,
        pattern: '^[a-z0-9]{1,32}[.][0-9]{1,9}$',
      }),
    ),
    answer: Type.Optional(
      choice('The answer to the hold, recorded before the removal continues.', ['Acknowledged']),
    ),
    reason: Type.String({ description: 'Why the action is required.', maxLength: 1024 }),
  });
}

function lastAction(actions: readonly GrantAction[]) {
  return object('The last change sent to Asana for this grant. It is recorded before the request is sent.', {
    id: Type.String({ description: 'Identifies the action in the audit log.', maxLength: 64 }),
    type: choice('The action.', actions),
    from: Type.Optional(value('The license, membership or account state before.')),
    to: Type.Optional(value('The license, membership or account state that the action leads to.')),
    at: instant('When the action began.'),
    result: choice(
      'Pending until Asana shows the outcome, then Succeeded. Failed if Asana refused the change. Unconfirmed if it was sent and Asana did not show the outcome in time.',
      ['Pending', 'Succeeded', 'Failed', 'Unconfirmed'],
    ),
  });
}

/** The value of a right; only the field for the kind of the grant is set. */
export interface Held {
  license?: License;
  membership?: TeamMembership;
  account?: AccountState;
}

type Fields<P extends TProperties> = Static<TObject<P>>;

/** The status of a grant of any kind. Of the fields of `Held`, only the one for its kind is set. */
export type GrantStatus = Fields<ReturnType<typeof sharedStatus>> & {
  /** For a team grant: the team as it was found in Asana. */
  team?: FoundTeam;
  /** For an account or a workspace grant: the gid of the workspace. */
  workspace?: string;
  observed?: Held & Fields<typeof seen>;
  applied?: Held & Fields<typeof held>;
};
