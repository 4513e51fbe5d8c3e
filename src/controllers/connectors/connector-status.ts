import type { AsanaConnectorStatus } from '../../api/asana-connector.ts';
import { phaseOf, settleConditions } from '../../api/conditions.ts';
import { formatDuration } from '../../api/duration.ts';
import { formatTime } from '../../core/clock.ts';
import type { DirectoryCounts } from '../../directory/directory.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import { type RemovalLedger, removalLimit } from '../../provisioning/removal-ledger.ts';
import { draftConditions } from './connector-conditions.ts';
import { type ConnectorFacts, incompleteParts } from './connector-facts.ts';

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
    ...conductorOneOf(facts, before),
  };
}

function syncBegun({ object, running, report }: ConnectorFacts): boolean {
  return running !== null || report !== null || object.status?.sync?.startedAt !== undefined;
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

/** What a process before this one has recorded stays until there is something newer. */
function conductorOneOf(
  { object, conductorOne }: ConnectorFacts,
  before: AsanaConnectorStatus,
): Pick<AsanaConnectorStatus, 'conductorOne'> {
  if (!object.spec.conductorOne) return {};
  const { connectedAt, lastTaskAt, lastUploadAt, lastUploadBytes } = conductorOne?.service ?? {};
  const times = Object.entries({ connectedAt, lastTaskAt, lastUploadAt }).flatMap(([name, at]) =>
    typeof at === 'number' ? [[name, formatTime(at)] as const] : [],
  );
  const bytes = typeof lastUploadBytes === 'number' ? { lastUploadBytes } : {};
  const known = { ...before.conductorOne, ...Object.fromEntries(times), ...bytes };
  return Object.keys(known).length === 0 ? {} : { conductorOne: known };
}
