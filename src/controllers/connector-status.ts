import type { AsanaConnector, AsanaConnectorStatus } from '../api/asana-connector.ts';
import {
  type Condition,
  type ConditionDraft,
  findCondition,
  phaseOf,
  readiness,
  settleConditions,
} from '../api/conditions.ts';
import { formatDuration } from '../api/duration.ts';
import type { ConnectorReason } from '../api/reasons.ts';
import { formatTime } from '../core/clock.ts';
import type { DirectoryCounts } from '../directory/directory.ts';
import type { Snapshot } from '../directory/snapshot.ts';
import { type RemovalLedger, type RemovalLimits, removalLimit } from '../provisioning/removal-ledger.ts';
import { type Obstacle, reasonOf } from './connector-obstacle.ts';
import type { RunningSync, SyncReport } from './connector-session.ts';

/** How the grants of a connector stand. */
export interface GrantTally {
  readonly grants: number;
  readonly grantsReady: number;
  readonly grantsPlanned: number;
  readonly grantsBlocked: number;
  readonly unmanagedEnterpriseLicenses: number;
}

/** Everything the status of a connector is made of. */
export interface ConnectorFacts {
  readonly object: AsanaConnector;
  /** Null when nothing does. */
  readonly obstacle: Obstacle | null;
  readonly running: RunningSync | null;
  /** The sync that is running, or due, answers a person (first, new generation, request). */
  readonly reconciling: boolean;
  readonly report: SyncReport | null;
  readonly snapshot: Snapshot | null;
  readonly counts: DirectoryCounts | null;
  readonly tally: GrantTally;
  readonly ledger: RemovalLedger;
  readonly pendingRemovals: number;
  readonly limits: RemovalLimits;
  /** The request (annotation requestedAt) the last finished sync has answered; null before any. */
  readonly handledRequest: string | null;
}

/** The whole status of a connector; a pure function of what is known (DESIGN §3.4). */
export function connectorStatus(facts: ConnectorFacts, now: number): AsanaConnectorStatus {
  const { object } = facts;
  const before = object.status ?? {};
  const generation = object.metadata.generation;
  const conditions = settleConditions(before.conditions, draftConditions(facts), generation, now);
  const handled = facts.handledRequest ?? before.lastHandledReconcileAt;
  return {
    observedGeneration: generation,
    phase: phaseOf(conditions, { suspended: object.spec.suspend, syncBegun: syncBegun(facts) }),
    ...(handled === undefined ? {} : { lastHandledReconcileAt: handled }),
    conditions,
    ...scopeOf(facts, before),
    counts: countsOf(facts, before),
    ...syncOf(facts, before),
    ...removalsOf(facts),
    ...(facts.ledger.hold ? { hold: holdOf(facts.ledger.hold) } : {}),
  };
}

function syncBegun({ object, running, report }: ConnectorFacts): boolean {
  return running !== null || report !== null || object.status?.sync?.startedAt !== undefined;
}

function everSynced({ object, report }: ConnectorFacts): boolean {
  return (report !== null && report.error === null) || object.status?.sync?.completedAt !== undefined;
}

function draftConditions(facts: ConnectorFacts): ConditionDraft[] {
  return [
    ...readyOf(facts),
    credentialsOf(facts),
    ...scimOf(facts),
    syncedOf(facts),
    ...conductorOneOf(facts),
    ...(facts.ledger.hold ? [pausedBy(facts.ledger.hold)] : []),
  ];
}

/** Ready with Reconciling or Stalled beside it. */
function readyOf(facts: ConnectorFacts): ConditionDraft[] {
  const { object, obstacle, running, reconciling } = facts;
  const readyBefore = findCondition(object.status?.conditions, 'Ready');
  if (object.spec.suspend) {
    return readiness(
      'asItWas',
      'Suspended',
      'spec.suspend is true: nothing is read or changed until it is false.',
      readyBefore?.status,
    );
  }
  if (obstacle) return readiness('stalling', obstacle.reason, obstacle.message, undefined);
  if (!everSynced(facts)) {
    const failure = facts.report?.error;
    if (failure && !running) return readiness('transient', reasonOf(failure), failure.message, undefined);
    return running
      ? readiness('waiting', 'Syncing', 'The first sync is under way.', undefined)
      : readiness('waiting', 'Pending', 'No sync has begun yet.', undefined);
  }
  if (reconciling) {
    // Neither the old answer nor the new one is true yet (kstatus: Unknown goes with Reconciling).
    const message = 'A sync for the newest spec or request is under way.';
    return [
      { type: 'Ready', status: 'Unknown', reason: 'Syncing', message },
      { type: 'Reconciling', status: 'True', reason: 'Syncing', message },
    ];
  }
  const impaired = impairment(facts);
  return impaired
    ? readiness('ok', 'Degraded', impaired, undefined)
    : readiness('ok', 'Synced', 'The directory is read and everything works.', undefined);
}

/** What does not work although the connector does; null when all does. */
function impairment(facts: ConnectorFacts): string | null {
  const impaired = [...scimOf(facts), syncedOf(facts), ...conductorOneOf(facts)].find(
    (condition) => condition.status === 'False',
  );
  if (impaired) return `${impaired.type} is False: ${impaired.message}`;
  return facts.ledger.hold ? pausedBy(facts.ledger.hold).message : null;
}

const CREDENTIAL_REASONS: ReadonlySet<string> = new Set([
  'SecretNotFound',
  'SecretKeyMissing',
  'CredentialsRejected',
  'PermissionDenied',
  'PlanRefused',
]);

function credentialsOf({ object, obstacle, report }: ConnectorFacts): ConditionDraft {
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'CredentialsValid',
    status,
    reason,
    message,
  });
  if (obstacle && CREDENTIAL_REASONS.has(obstacle.reason))
    return draft('False', obstacle.reason, obstacle.message);
  if (report?.result?.rest.ok) return draft('True', 'Accepted', 'Asana takes the token.');
  const kept = findCondition(object.status?.conditions, 'CredentialsValid');
  if (kept && kept.status === 'True') return kept;
  return draft('Unknown', 'NotChecked', 'Asana was not asked yet.');
}

function scimOf({ object, report }: ConnectorFacts): ConditionDraft[] {
  if (!object.spec.scim.enabled) return [];
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'ScimAvailable',
    status,
    reason,
    message,
  });
  const scim = report?.result?.scim;
  if (scim?.ok) return [draft('True', 'Available', 'SCIM answers and shows licenses.')];
  if (scim) return [draft('False', reasonOf(scim.error), scim.error.message)];
  const kept = findCondition(object.status?.conditions, 'ScimAvailable');
  return [kept ?? draft('Unknown', 'NotChecked', 'SCIM was not asked yet.')];
}

function syncedOf({ object, report }: ConnectorFacts): ConditionDraft {
  const draft = (status: Condition['status'], reason: ConnectorReason, message: string): ConditionDraft => ({
    type: 'Synced',
    status,
    reason,
    message,
  });
  if (!report) {
    return (
      findCondition(object.status?.conditions, 'Synced') ??
      draft('Unknown', 'Pending', 'No sync has ended yet.')
    );
  }
  if (report.error) return draft('False', reasonOf(report.error), report.error.message);
  const reasons = incompleteParts(report);
  return reasons.length === 0
    ? draft('True', 'Synced', 'The directory was read whole.')
    : draft(
        'False',
        'SyncIncomplete',
        `Not read to its end: ${reasons.join('; ')}. Nobody is removed until it is.`,
      );
}

/** An accepted field that nothing acts on would be a lie: the condition says that nothing does. */
function conductorOneOf({ object }: ConnectorFacts): ConditionDraft[] {
  if (!object.spec.conductorOne) return [];
  const message =
    'This version keeps no connection with ConductorOne: sync and grants work, spec.conductorOne has no effect yet.';
  return [{ type: 'ConductorOneConnected', status: 'False', reason: 'Disconnected', message }];
}

/** Each part that was not read whole, with the reason. */
function incompleteParts({ result }: SyncReport): string[] {
  if (!result?.snapshot)
    return [result && !result.rest.ok ? result.rest.error.message : 'nothing could be read'];
  const { accounts, licenses, teams } = result.snapshot.parts;
  return Object.entries({ accounts, licenses, teams }).flatMap(([name, part]) =>
    part && !part.complete ? [`${name} (${part.incompleteBecause ?? 'unknown'})`] : [],
  );
}

function pausedBy(hold: NonNullable<RemovalLedger['hold']>): ConditionDraft {
  const what =
    hold.reason === 'TooManyRemovals'
      ? `More removals than allowed: held are ${hold.count}`
      : `The directory looks wrong (accounts missing: ${hold.count}): removals are held`;
  return {
    type: 'RemovalsPaused',
    status: 'True',
    reason: hold.reason,
    message: `${what}. To go on, annotate asana-connector.dev/acknowledge=${hold.token}; to drop them, asana-connector.dev/discard=${hold.token}.`,
  };
}

/** A reading that is held (too small, or of another organization) tells nothing about what there is. */
function isDoubted({ ledger }: ConnectorFacts): boolean {
  return ledger.hold !== null && ledger.hold.reason !== 'TooManyRemovals';
}

function scopeOf(
  facts: ConnectorFacts,
  before: AsanaConnectorStatus,
): Pick<AsanaConnectorStatus, 'organizations' | 'workspaces'> {
  const read = isDoubted(facts) ? undefined : facts.snapshot?.workspaces;
  const workspaces =
    read?.map(({ gid, name, organization }) => ({ gid, name, organization })) ?? before.workspaces;
  const organizations =
    read?.flatMap(({ gid, organization }) => (organization ? [gid] : [])) ?? before.organizations;
  return { ...(organizations ? { organizations } : {}), ...(workspaces ? { workspaces } : {}) };
}

function countsOf(
  facts: ConnectorFacts,
  before: AsanaConnectorStatus,
): NonNullable<AsanaConnectorStatus['counts']> {
  const { counts, snapshot, tally } = facts;
  const read = counts && snapshot && !isDoubted(facts);
  return { ...(read ? withoutUnreadLicenses(counts, snapshot) : before.counts), ...tally };
}

/** With SCIM off nobody knows the licenses, and 0 would be a lie. */
function withoutUnreadLicenses(counts: DirectoryCounts, snapshot: Snapshot): Partial<DirectoryCounts> {
  if (snapshot.parts.licenses) return counts;
  const { enterpriseLicenses: _, viewOnlyLicenses: __, ...read } = counts;
  return read;
}

function syncOf(facts: ConnectorFacts, before: AsanaConnectorStatus): Pick<AsanaConnectorStatus, 'sync'> {
  const { running, reconciling, report } = facts;
  const kept = before.sync ?? {};
  const last = report
    ? {
        startedAt: formatTime(report.startedAt),
        ...(report.error
          ? kept.completedAt
            ? { completedAt: kept.completedAt }
            : {}
          : { completedAt: formatTime(report.completedAt) }),
        duration: formatDuration(report.completedAt - report.startedAt),
        requests: report.requests,
        complete: report.error === null && incompleteParts(report).length === 0,
      }
    : withoutProgress(kept);
  if (!running || !reconciling) return Object.keys(last).length === 0 ? {} : { sync: last };
  return { sync: { ...last, startedAt: formatTime(running.startedAt), progress: { ...running.progress } } };
}

function withoutProgress(
  sync: NonNullable<AsanaConnectorStatus['sync']>,
): NonNullable<AsanaConnectorStatus['sync']> {
  const { progress: _, ...rest } = sync;
  return rest;
}

function removalsOf({
  ledger,
  limits,
  pendingRemovals,
}: ConnectorFacts): Pick<AsanaConnectorStatus, 'removals'> {
  if (!ledger.window) return {};
  const { startedAt, baseline, done, deprovisions } = ledger.window;
  return {
    removals: {
      windowStartedAt: formatTime(startedAt),
      done,
      deprovisions,
      pending: pendingRemovals,
      limit: removalLimit(limits, baseline),
      baseline,
    },
  };
}

function holdOf({
  reason,
  since,
  token,
  count,
  pending,
}: NonNullable<RemovalLedger['hold']>): NonNullable<AsanaConnectorStatus['hold']> {
  return {
    reason,
    since: formatTime(since),
    token,
    count,
    ...(pending.length > 0 ? { pending: [...pending] } : {}),
  };
}
