import type { AsanaConnector } from '../../api/asana-connector.ts';
import { findCondition } from '../../api/conditions.ts';
import type { GrantObject } from '../../api/kinds.ts';
import type { ConnectorSession } from '../../controllers/connectors/connector-session.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import type { Directory, DirectoryCounts } from '../../directory/directory.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { ActionType } from '../../provisioning/action.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import type { Place } from '../manifests/manifest-reading.ts';
import type { Fate, PlannedGrant } from './applied-manifests.ts';
import type { PlannedChange, Planner } from './planner.ts';
import type { StoppedRemoval } from './stopped-removal.ts';

/** An object of the plan, and the location of its manifest. */
export interface ReportedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `file:line`; `null` for an object that is only in the cluster. */
  readonly place: string | null;
}

/** One change that Apply would make in Asana. */
export interface ReportedChange {
  readonly action: string;
  /** The email address, or else the gid. */
  readonly who: string;
  /** Gid of the team or workspace; `null` for the organization. */
  readonly where: string | null;
  readonly before: string | null;
  readonly after: string | null;
  /** True if the change lowers a person's access. */
  readonly removal: boolean;
  readonly why: string;
  readonly object: ReportedObject;
}

/** A grant that is not ready, and the reason. */
export interface ReportedBlock {
  /** The reason that the condition Ready would show. */
  readonly rule: string;
  readonly message: string;
  /** True if only a person can fix it. */
  readonly stalled: boolean;
  /** True if stalled because of the manifests: they add or change the grant, or the cluster does not show it yet. */
  readonly fault: boolean;
  readonly object: ReportedObject;
  readonly fate: Fate;
}

/** A removal that would wait for a person: for the answer to a hold, or until the connector is resumed. */
export interface ReportedHeld {
  readonly action: string;
  readonly who: string;
  readonly why: string;
  readonly object: ReportedObject;
}

/** A connector, with its counts before and after the plan. */
export interface ReportedConnector {
  readonly name: string;
  readonly mode: 'Plan' | 'Apply';
  readonly suspended: boolean;
  /** True if the token's owner has a view-only license, so that Asana accepts no change from them. */
  readonly ownerViewOnly: boolean;
  readonly accounts: { readonly before: number; readonly after: number };
  readonly enterprise: { readonly before: number; readonly after: number; readonly limit: number | null };
  readonly viewOnly: { readonly before: number; readonly after: number };
  /** Why its removals wait, or would wait; empty if none do. */
  readonly holds: readonly string[];
}

/** The result of a plan. */
export interface PlanReport {
  readonly connectors: readonly ReportedConnector[];
  /** In the order in which they would be made. */
  readonly changes: readonly ReportedChange[];
  readonly held: readonly ReportedHeld[];
  readonly blocked: readonly ReportedBlock[];
  /** Grants that would be released, leaving Asana as it is. */
  readonly released: readonly { readonly object: ReportedObject; readonly message: string }[];
  /** Number of grants with each fate. */
  readonly objects: Readonly<Record<Fate, number>>;
  /** Number of objects of other kinds, which were ignored. */
  readonly foreign: number;
}

/** The counts of each connector's directory before the plan. */
export type CountsBefore = ReadonlyMap<string, DirectoryCounts>;

export interface ReportParts {
  readonly planner: Planner;
  /** As declared, not in mode Apply as for the planner's decisions. */
  readonly connectors: readonly AsanaConnector[];
  readonly grants: readonly PlannedGrant[];
  readonly before: CountsBefore;
  readonly foreign: number;
}

/** Assembles the report of a plan. */
export function reportPlan({ planner, connectors, grants, before, foreign }: ReportParts): PlanReport {
  const origins = new Map(grants.map((grant) => [grant.known.object.metadata.uid, grant]));
  const nameOf = (known: KnownGrant) =>
    describe(known, origins.get(known.object.metadata.uid)?.place ?? null);
  const outcomes = grants.flatMap((grant) => {
    const object = planner.after(grant.known);
    if (!object) return [];
    const name = nameOf(grant.known);
    return [{ grant, object, name, held: reportHeld(object, name, planner.stoppedRemoval(grant.known)) }];
  });
  return {
    connectors: connectors.flatMap((connector) => {
      const session = planner.registry.find(keyOf(connector));
      return session ? [reportConnector(connector, session, before)] : [];
    }),
    changes: planner.changes.map((change) => reportChange(change, origins)),
    held: outcomes.flatMap(({ held }) => held ?? []),
    blocked: outcomes.flatMap(({ grant, object, name, held }) =>
      held ? [] : reportBlock(object, name, grant),
    ),
    released: planner.released.map(({ known, message }) => ({ object: nameOf(known), message })),
    objects: countFates(grants),
    foreign,
  };
}

/** Whether anything would be changed in Asana, now or once no hold or suspension prevents it. */
export function hasChanges({ changes, held }: PlanReport): boolean {
  return changes.length > 0 || held.length > 0;
}

/** Returns the blocked grants that stall because of the manifests, which a person has to correct. */
export function faultsOf({ blocked }: PlanReport): readonly ReportedBlock[] {
  return blocked.filter(({ fault }) => fault);
}

function reportConnector(
  connector: AsanaConnector,
  { directory, desk, doubts }: ConnectorSession,
  known: CountsBefore,
): ReportedConnector {
  const { spec } = connector;
  const after = directory.counts();
  const before = known.get(keyOf(connector)) ?? after;
  const { holds = [], removals } = desk.toRecord();
  const held = holds.find(({ reason }) => reason === 'TooManyRemovals');
  return {
    name: keyOf(connector),
    mode: spec.provisioning.mode,
    suspended: spec.suspend,
    ownerViewOnly: isOwnerViewOnly(connector, directory),
    accounts: { before: before.accounts, after: after.accounts },
    enterprise: {
      before: before.enterpriseLicenses,
      after: after.enterpriseLicenses,
      limit: spec.provisioning.maxEnterpriseLicenses ?? null,
    },
    viewOnly: { before: before.viewOnlyLicenses, after: after.viewOnlyLicenses },
    holds: [
      ...doubts.map(({ message }) => message),
      ...(held ? [describeHold(connector, held.people ?? 0, removals?.limit ?? 0)] : []),
    ],
  };
}

/** Whether the token's owner has a view-only license, with which the API allows only reads. */
function isOwnerViewOnly({ spec }: AsanaConnector, directory: Directory): boolean {
  const self = directory.current()?.self ?? null;
  const owner = self === null ? null : directory.account(self);
  const { type } = spec.credentials;
  return (
    type === 'PersonalAccessToken' && (owner?.memberships ?? []).some(({ viewOnly }) => viewOnly === true)
  );
}

function describeHold({ spec }: AsanaConnector, people: number, limit: number): string {
  const { maxRemovals, maxDeprovisions } = spec.provisioning;
  return `Removals that affect ${people} people would be held until a person acknowledges them. Limits: maxRemovals ${limit} people in ${maxRemovals.window}, maxDeprovisions ${maxDeprovisions}. Removals that would leave nobody with a right are held too.`;
}

function reportChange(
  { record, why }: PlannedChange,
  origins: ReadonlyMap<string, PlannedGrant>,
): ReportedChange {
  const { action, account, place, before, after, requester } = record;
  if (requester.type !== 'Object') throw new TypeError('a plan carries out no tasks');
  const { kind, namespace, name, uid } = requester;
  const object = { kind, namespace, name, place: textOf(origins.get(uid)?.place ?? null) };
  const who = account.email ?? account.gid ?? name;
  const removal = isRemoval({ type: action as ActionType });
  return { action, who, where: place, before, after, removal, why, object };
}

function reportHeld(
  { status }: GrantObject,
  object: ReportedObject,
  stopped: StoppedRemoval | null,
): ReportedHeld | null {
  const { planned, user } = status ?? {};
  if (!planned || !isHeld(status)) return stopped && { ...stopped, object };
  return {
    action: planned.action,
    who: user?.email ?? user?.gid ?? object.name,
    why: planned.reason,
    object,
  };
}

function reportBlock(
  { status }: GrantObject,
  object: ReportedObject,
  { fate, known }: PlannedGrant,
): ReportedBlock[] {
  const ready = findCondition(status?.conditions, 'Ready');
  if (!ready || ready.status === 'True') return [];
  const stalled = isStalled(status);
  const before = known.object.status;
  const told = isStalled(before) && findCondition(before?.conditions, 'Ready')?.reason === ready.reason;
  const fault = stalled && fate !== 'Removed' && (fate !== 'Unchanged' || !told);
  return [{ rule: ready.reason, message: ready.message, stalled, fault, object, fate }];
}

function isStalled(status: GrantObject['status']): boolean {
  return findCondition(status?.conditions, 'Stalled')?.status === 'True';
}

/** Whether a removal waits for the answer to a hold, and for nothing else. */
function isHeld(status: GrantObject['status']): boolean {
  const ready = findCondition(status?.conditions, 'Ready');
  return status?.planned?.hold !== undefined && ready?.reason === 'RemovalsPaused';
}

function describe({ kind, object }: KnownGrant, place: Place | null): ReportedObject {
  const { namespace, name } = object.metadata;
  return { kind: kind.resource.kind, namespace, name, place: textOf(place) };
}

function textOf(place: Place | null): string | null {
  return place && `${place.file}:${place.line}`;
}

function countFates(grants: readonly PlannedGrant[]): Record<Fate, number> {
  const counts = { Added: 0, Changed: 0, Unchanged: 0, Removed: 0 };
  for (const { fate } of grants) counts[fate] += 1;
  return counts;
}
