import type { AsanaConnectorStatus } from '../../api/asana-connector.ts';
import type { ConnectorHold } from '../../api/asana-connector-status.ts';
import { findCondition, phaseOf, settleConditions } from '../../api/conditions.ts';
import { formatDuration } from '../../api/duration.ts';
import { formatTime } from '../../core/clock.ts';
import type { DirectoryCounts } from '../../directory/directory.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { HoldRecord } from '../../provisioning/removals/record.ts';
import { draftConditions } from './connector-conditions.ts';
import { type ConnectorFacts, isComplete } from './connector-facts.ts';
import { sumTally } from './grant-tally.ts';
import type { SyncReport } from './sync-runner.ts';

/** Computes the whole status of a connector; a pure function of the facts. */
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
    ...syncOf(facts, before, findCondition(conditions, 'Reconciling') !== undefined),
    ...removalsOf(facts),
    ...conductorOneOf(facts, before),
  };
}

function syncBegun({ object, running, report }: ConnectorFacts): boolean {
  return running !== null || report !== null || object.status?.sync?.startedAt !== undefined;
}

function scopeOf(
  { snapshot, organizations, measure }: ConnectorFacts,
  before: AsanaConnectorStatus,
): Pick<AsanaConnectorStatus, 'organizations' | 'workspaces' | 'measure'> {
  const workspaces = snapshot ? workspacesOf(snapshot) : before.workspaces;
  return {
    ...(organizations.length > 0 ? { organizations: [...organizations] } : {}),
    ...(workspaces ? { workspaces } : {}),
    ...(measure ? { measure } : {}),
  };
}

function workspacesOf({ workspaces, leftOut }: Snapshot): NonNullable<AsanaConnectorStatus['workspaces']> {
  return [
    ...workspaces.map(({ gid, name, organization }) => ({ gid, name, organization })),
    ...leftOut.map(({ gid, name, organization, leftOut: why }) => ({
      gid,
      name,
      organization,
      leftOut: why,
    })),
  ];
}

function countsOf(
  { counts, snapshot, tally }: ConnectorFacts,
  before: AsanaConnectorStatus,
): NonNullable<AsanaConnectorStatus['counts']> {
  const { grants, ready, planned, blocked } = sumTally(tally);
  const unmanaged = Math.max(0, (counts?.enterpriseLicenses ?? 0) - tally.managedEnterpriseLicenses);
  return {
    ...(counts && snapshot ? withoutUnread(counts, snapshot) : before.counts),
    ...(snapshot?.parts.licenses ? { unmanagedEnterpriseLicenses: unmanaged } : {}),
    grants,
    grantsReady: ready,
    grantsPlanned: planned,
    grantsBlocked: blocked,
  };
}

/** Drops counts that were not read, which must not show as 0: licenses with SCIM off, guests over SCIM alone. */
function withoutUnread(counts: DirectoryCounts, { parts, scimOnly }: Snapshot): Partial<DirectoryCounts> {
  const { enterpriseLicenses, viewOnlyLicenses, guests, ...read } = counts;
  return {
    ...read,
    ...(scimOnly ? {} : { guests }),
    ...(parts.licenses ? { enterpriseLicenses, viewOnlyLicenses } : {}),
  };
}

/** @param isReconciling whether the progress of a sync that answers a person is shown */
function syncOf(
  facts: ConnectorFacts,
  before: AsanaConnectorStatus,
  isReconciling: boolean,
): Pick<AsanaConnectorStatus, 'sync'> {
  const { running, report } = facts;
  const kept = before.sync ?? {};
  const last = report
    ? {
        startedAt: formatTime(report.startedAt),
        ...completedAtOf(report, kept),
        duration: formatDuration(report.completedAt - report.startedAt),
        requests: report.requests,
        complete: isComplete(report),
      }
    : withoutProgress(kept);
  if (!running?.answering || !isReconciling) return Object.keys(last).length === 0 ? {} : { sync: last };
  return { sync: { ...last, startedAt: formatTime(running.startedAt), progress: { ...running.progress } } };
}

/** Returns when something was last read; a sync that read nothing keeps the earlier time. */
function completedAtOf(
  { result, completedAt }: SyncReport,
  kept: NonNullable<AsanaConnectorStatus['sync']>,
): Pick<typeof kept, 'completedAt'> {
  if (result?.snapshot) return { completedAt: formatTime(completedAt) };
  return kept.completedAt === undefined ? {} : { completedAt: kept.completedAt };
}

function withoutProgress(
  sync: NonNullable<AsanaConnectorStatus['sync']>,
): NonNullable<AsanaConnectorStatus['sync']> {
  const { progress: _, ...rest } = sync;
  return rest;
}

function removalsOf({
  removals: { removals, holds },
}: ConnectorFacts): Pick<AsanaConnectorStatus, 'removals' | 'holds'> {
  return {
    ...(removals ? { removals: { ...removals } } : {}),
    ...(holds ? { holds: holds.map(holdOf) } : {}),
  };
}

function holdOf({ people = 0, missing, places = [], pending = [], ...hold }: HoldRecord): ConnectorHold {
  return {
    ...hold,
    people,
    ...(missing ? { missing: { ...missing } } : {}),
    ...(places.length > 0 ? { places: [...places] } : {}),
    ...(pending.length > 0 ? { pending: [...pending] } : {}),
  };
}

/** Keeps what an earlier process recorded until there is something newer. */
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
