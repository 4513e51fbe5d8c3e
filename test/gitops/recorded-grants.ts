import type { GrantKindName, GrantObject } from '../../src/api/kinds.ts';
import type { GrantReason } from '../../src/api/reasons.ts';
import { type GrantKind, grantKinds } from '../../src/controllers/grants/grant-kinds.ts';
import { type GrantFindings, grantStatus } from '../../src/controllers/grants/grant-status.ts';
import { ONLY_OF } from '../api/condition-rules.ts';
import { smallestOf } from '../api/manifests.ts';
import type { Recorded } from './recorded.ts';

/** The time when the statuses were written, and two times around it. */
const NOW = Date.parse('2026-11-24T08:00:00Z');
const PAST = '2026-11-24T07:00:00Z';
const SOON = '2026-11-24T08:01:00Z';

/** The actions that give and remove the right of each kind. */
const ACTIONS = {
  AsanaLicenseGrant: { give: 'GrantEnterprise', take: 'RevokeEnterprise' },
  AsanaTeamGrant: { give: 'AddToTeam', take: 'RemoveFromTeam' },
  AsanaWorkspaceGrant: { give: 'AddToWorkspace', take: 'RemoveFromWorkspace' },
  AsanaAccount: { give: 'InviteAccount', take: 'Deprovision' },
} as const satisfies Record<GrantKindName, object>;

/** Returns the other findings that come with the reason; none for most reasons. */
function findingsOf({ resource }: GrantKind, reason: GrantReason): Omit<GrantFindings, 'outcome'> {
  const { give, take } = ACTIONS[resource.kind];
  const ending = { action: take, reason: 'The grant has ended.' };
  if (reason === 'Planned') return { planned: { action: give, reason: 'The grant declares it.' } };
  if (reason === 'RemovalPending') return { planned: { ...ending, notBefore: SOON } };
  return reason === 'RemovalsPaused' ? { planned: { ...ending, hold: '3acbbfd3.2' } } : {};
}

/** The expected health of a grant for each reason. */
const HEALTH: Readonly<Record<GrantReason, Pick<Recorded, 'argo' | 'flux'>>> = {
  Granted: { argo: 'Healthy', flux: 'Current' },
  Removed: { argo: 'Healthy', flux: 'Current' },
  Planned: { argo: 'Healthy', flux: 'Current' },
  Scheduled: { argo: 'Healthy', flux: 'Current' },
  Expired: { argo: 'Healthy', flux: 'Current' },
  Superseded: { argo: 'Healthy', flux: 'Current' },
  Progressing: { argo: 'Progressing', flux: 'InProgress' },
  RemovalPending: { argo: 'Progressing', flux: 'InProgress' },
  Throttled: { argo: 'Progressing', flux: 'InProgress' },
  AsanaUnavailable: { argo: 'Progressing', flux: 'InProgress' },
  ConnectorNotReady: { argo: 'Progressing', flux: 'InProgress' },
  ConnectorNotFound: { argo: 'Progressing', flux: 'InProgress' },
  UserNotFound: { argo: 'Progressing', flux: 'InProgress' },
  TeamNotFound: { argo: 'Progressing', flux: 'InProgress' },
  LicenseLimitReached: { argo: 'Progressing', flux: 'InProgress' },
  RemovalsPaused: { argo: 'Suspended', flux: 'InProgress' },
  ClockSkew: { argo: 'Progressing', flux: 'InProgress' },
  ConflictingGrant: { argo: 'Degraded', flux: 'Failed' },
  NamespaceNotAllowed: { argo: 'Degraded', flux: 'Failed' },
  UserIsGuest: { argo: 'Degraded', flux: 'Failed' },
  LicensesUnavailable: { argo: 'Degraded', flux: 'Failed' },
  LicenseNotAccepted: { argo: 'Degraded', flux: 'Failed' },
  ProtectedUser: { argo: 'Degraded', flux: 'Failed' },
  DeprovisionNotAllowed: { argo: 'Degraded', flux: 'Failed' },
  IdentityChanged: { argo: 'Degraded', flux: 'Failed' },
  Contended: { argo: 'Degraded', flux: 'Failed' },
  TeamAmbiguous: { argo: 'Degraded', flux: 'Failed' },
  NotTeamMember: { argo: 'Degraded', flux: 'Failed' },
  PreviouslyRemoved: { argo: 'Degraded', flux: 'Failed' },
  WorkspaceNotSet: { argo: 'Degraded', flux: 'Failed' },
  WorkspaceNotFound: { argo: 'Degraded', flux: 'Failed' },
  StillDeclared: { argo: 'Degraded', flux: 'Failed' },
  DurationTooLong: { argo: 'Degraded', flux: 'Failed' },
  OrganizationChanged: { argo: 'Degraded', flux: 'Failed' },
  RemovalDiscarded: { argo: 'Degraded', flux: 'Failed' },
  AsanaRefused: { argo: 'Degraded', flux: 'Failed' },
  Suspended: { argo: 'Suspended', flux: 'Current' },
};

/** Returns a grant with the status that the operator writes for these findings. */
function decided(kind: GrantKind, before: GrantObject, findings: GrantFindings): GrantObject {
  return { ...before, status: grantStatus(kind, before, findings, NOW) };
}

function outcome(reason: GrantReason): GrantFindings['outcome'] {
  return { reason, message: `What the operator says of ${reason}.` };
}

/** Returns a grant of the kind that was not reconciled yet. */
function fresh(kind: GrantKind): GrantObject {
  const { apiVersion, kind: name, spec } = smallestOf(kind.resource.kind);
  const metadata = { name: 'alice', namespace: 'iga', uid: 'u1', generation: 1, resourceVersion: '1' };
  return {
    apiVersion,
    kind: name,
    metadata: { ...metadata, creationTimestamp: PAST },
    spec,
  } as unknown as GrantObject;
}

function withReason(kind: GrantKind, reason: GrantReason): GrantObject {
  const begun = fresh(kind);
  const ended = {
    ...begun,
    spec: { ...begun.spec, deletionPolicy: 'Revoke', expiresAt: PAST },
  } as GrantObject;
  return decided(kind, reason === 'Expired' ? ended : begun, {
    ...findingsOf(kind, reason),
    outcome: outcome(reason),
  });
}

/** A grant for each kind and each reason that the kind can have. */
export const grantsByReason: readonly Recorded[] = grantKinds.flatMap((kind) =>
  Object.entries(HEALTH)
    .map(([reason, health]) => ({ reason: reason as GrantReason, health }))
    .filter(({ reason }) => (ONLY_OF[reason] ?? kind.resource.kind) === kind.resource.kind)
    .map(({ reason, health }) => ({
      ...health,
      name: `${kind.resource.kind}: ${reason}`,
      shows: { type: 'Ready', reason },
      object: withReason(kind, reason),
    })),
);

/** Grants whose health does not follow from the reason alone: by the previous status, an unseen edit or a deletion. */
export const grantsInTime: readonly Recorded[] = grantKinds.flatMap((kind) => {
  const granted = withReason(kind, 'Granted');
  const stalled = withReason(kind, 'Contended');
  const edited = { ...granted, metadata: { ...granted.metadata, generation: 2 } } as GrantObject;
  const deleted = (object: GrantObject): GrantObject => ({
    ...object,
    metadata: { ...object.metadata, deletionTimestamp: PAST },
  });
  const suspended = (before: GrantObject) => decided(kind, before, { outcome: outcome('Suspended') });
  const retried = decided(kind, fresh(kind), { outcome: { ...outcome('AsanaRefused'), retrying: true } });
  const drifted = decided(kind, granted, {
    outcome: { ...outcome('Contended'), drifted: 'Changed elsewhere.' },
  });
  const row = (
    name: string,
    argo: Recorded['argo'],
    flux: Recorded['flux'],
    object: GrantObject,
  ): Recorded => ({
    name: `${kind.resource.kind}: ${name}`,
    argo,
    flux,
    object,
  });
  return [
    row('edited and not yet reconciled', 'Progressing', 'InProgress', edited),
    row('deleted after it was granted', 'Progressing', 'Current', deleted(granted)),
    row(
      'deleted, with a pending removal',
      'Progressing',
      'InProgress',
      deleted(withReason(kind, 'RemovalPending')),
    ),
    row(
      'deleted, with a held removal',
      'Suspended',
      'InProgress',
      deleted(withReason(kind, 'RemovalsPaused')),
    ),
    row('suspended after it was granted', 'Suspended', 'Current', suspended(granted)),
    row('suspended after it stalled', 'Suspended', 'Current', suspended(stalled)),
    row('refused and about to be retried', 'Progressing', 'InProgress', retried),
    row('drifted and not corrected', 'Degraded', 'Failed', drifted),
  ];
});

/** Grants without a status. */
export const grantsUnseen: readonly GrantObject[] = grantKinds.map(fresh);
