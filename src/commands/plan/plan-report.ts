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

/** An object of the plan, and where its manifest is. */
export interface ReportedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `file:line`; null for an object that only the cluster knows. */
  readonly place: string | null;
}

/** One change that Apply would make in Asana. */
export interface ReportedChange {
  readonly action: string;
  /** The email address, else the gid. */
  readonly who: string;
  /** gid of the team or workspace; null where it is the organization. */
  readonly where: string | null;
  readonly before: string | null;
  readonly after: string | null;
  /** It lowers somebody's access. */
  readonly removal: boolean;
  readonly why: string;
  readonly object: ReportedObject;
}

/** What stands in the way of a grant. */
export interface ReportedBlock {
  /** The rule, as the condition Ready would name it. */
  readonly rule: string;
  readonly message: string;
  /** Only a person can mend it. */
  readonly stalled: boolean;
  /** Stalled by what the manifests declare: the cluster does not say so yet, or somebody has just edited the grant. */
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

/** A connector with what it has now and would have. */
export interface ReportedConnector {
  readonly name: string;
  readonly mode: 'Plan' | 'Apply';
  readonly suspended: boolean;
  /** The token is that of somebody with a view-only license, by whom Asana takes no change. */
  readonly ownerViewOnly: boolean;
  readonly accounts: { readonly before: number; readonly after: number };
  readonly enterprise: { readonly before: number; readonly after: number; readonly limit: number | null };
  readonly viewOnly: { readonly before: number; readonly after: number };
  /** Why its removals wait, or would; empty when none do. */
  readonly holds: readonly string[];
}

/** All that a plan says. */
export interface PlanReport {
  readonly connectors: readonly ReportedConnector[];
  /** In the order in which they would be made. */
  readonly changes: readonly ReportedChange[];
  readonly held: readonly ReportedHeld[];
  readonly blocked: readonly ReportedBlock[];
  /** Let go, and left in Asana as it is. */
  readonly released: readonly { readonly object: ReportedObject; readonly message: string }[];
  /** Grants by how they stand to the cluster. */
  readonly objects: Readonly<Record<Fate, number>>;
  /** Objects of other kinds, which were passed over. */
  readonly foreign: number;
}

/** What the directory of a connector held before. */
export type CountsBefore = ReadonlyMap<string, DirectoryCounts>;

export interface ReportParts {
  readonly planner: Planner;
  /** As they are, not as the planner decides for them. */
  readonly connectors: readonly AsanaConnector[];
  readonly grants: readonly PlannedGrant[];
  readonly before: CountsBefore;
  readonly foreign: number;
}

/** Puts together what a plan has come to. */
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

/** Something would be changed in Asana, or would be but for a hold or a suspension. */
export function hasChanges({ changes, held }: PlanReport): boolean {
  return changes.length > 0 || held.length > 0;
}

/** Grants that the manifests bring about or break, and that only a person can mend: the manifests are not right as they are. */
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

/** Whoever has a view-only license may only read by API, whatever they ask for. */
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

/** It waits for a person's answer, and for nothing else. */
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
