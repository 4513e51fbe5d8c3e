import type { AsanaConnector } from '../../api/asana-connector.ts';
import { durationMs } from '../../api/duration.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { ABANDON_ANNOTATION, REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';
import type { Attempt } from '../../provisioning/attempt.ts';
import type { AppliedRight, Grant, ObjectIdentity } from '../../provisioning/grant.ts';
import { MOST_SET_BACKS } from '../../provisioning/grant-case.ts';
import type { KnownGrant } from './grant-stores.ts';
import { endingOf, endOf } from './grant-time.ts';

/** The window in which drift corrections count; after the third, further drift makes a grant Contended. */
export const DRIFT_WINDOW_MS = 24 * 3600_000;

/** Returns a grant as provisioning sees it at `now` (epoch milliseconds). */
export function viewGrant({ kind, object }: KnownGrant, connector: AsanaConnector, now: number): Grant {
  const { metadata, spec, status } = object;
  const { namespace } = metadata;
  const sameNamespace = namespace === connector.metadata.namespace;
  const recorded = status?.user;
  return {
    object: identityOf({ kind, object }),
    createdAt: Date.parse(metadata.creationTimestamp),
    wish: kind.wish(object),
    ensure: kind.ensure(object),
    user: kind.user(object),
    name: kind.accountName(object),
    recorded: recorded?.gid
      ? { gid: recorded.gid, email: recorded.email ?? null, organization: recorded.organization ?? null }
      : null,
    mayCreate: kind.mayCreate(object),
    deletionPolicy: spec.deletionPolicy,
    reason: spec.reason ?? null,
    startsAt: spec.startsAt === undefined ? null : Date.parse(spec.startsAt),
    endsAt: endOf(object),
    durationMs: spec.duration === undefined ? null : durationMs(spec.duration),
    ending: endingOf(object, now),
    suspended: spec.suspend,
    abandoned: metadata.annotations?.[ABANDON_ANNOTATION] === 'true',
    applied: appliedOf({ kind, object }),
    created: status?.created !== undefined,
    attempt: attemptOf(object),
    sameNamespace,
    namespaceAllowed: sameNamespace || allowsNamespace(connector, namespace),
    setBacks: countSetBacks({ kind, object }, now),
    discarded: status?.discardedGeneration === metadata.generation,
    absenceSeen: status?.removedGeneration === metadata.generation && openRequest(object) === null,
    wasSeen: (status?.observed?.[kind.field] ?? kind.nothing) !== kind.nothing,
    askedAnew: isAskedAnew(object),
  };
}

/** Returns the object as audit records and messages name it. */
export function identityOf({ kind, object }: KnownGrant): ObjectIdentity {
  const { namespace, name, uid, generation } = object.metadata;
  return { kind: kind.resource.kind, namespace, name, uid, generation };
}

function appliedOf({ kind, object }: KnownGrant): AppliedRight | null {
  const applied = object.status?.applied;
  const right = applied ? kind.applied(object) : null;
  if (!applied || !right) return null;
  return { right, value: applied[kind.field] ?? '', at: applied.at, adopted: applied.adopted };
}

function attemptOf({ status }: GrantObject): Attempt | null {
  const last = status?.lastAction;
  if (!last) return null;
  const { id, type, to, at, result } = last;
  return { id, type, to: to ?? null, at: Date.parse(at), result };
}

/** Whether `connector` lets grants of `namespace` name it. Its own namespace needs no permission. */
function allowsNamespace(connector: AsanaConnector, namespace: string): boolean {
  const allowed = connector.spec.provisioning.allowedNamespaces ?? [];
  return allowed.includes('*') || allowed.includes(namespace);
}

/** Returns the value of `asana-connector.dev/requestedAt` that was not answered yet; `null` if there is none. */
export function openRequest(object: {
  metadata: { annotations?: Readonly<Record<string, string>> };
  status?: { lastHandledReconcileAt?: string };
}): string | null {
  const requested = object.metadata.annotations?.[REQUESTED_AT_ANNOTATION];
  return requested !== undefined && requested !== object.status?.lastHandledReconcileAt ? requested : null;
}

/** Whether a person edited the object or asked for another try since its status was written; not true of a deletion. */
export function isAskedAnew(object: GrantObject): boolean {
  const { metadata, status } = object;
  const edited =
    status?.observedGeneration !== metadata.generation && metadata.deletionTimestamp === undefined;
  return edited || openRequest(object) !== null;
}

/**
 * Returns the number of drift corrections that still count: those within 24 h. If there were too many and the change
 * after them was left as it is, they count while it stays, or until an edit or a request.
 */
function countSetBacks({ kind, object }: KnownGrant, now: number): number {
  const { drift, observed, applied, planned, lastAction } = object.status ?? {};
  if (!drift || isAskedAnew(object)) return 0;
  const isRecent = now - Date.parse(drift.since) < DRIFT_WINDOW_MS;
  const isUnderWay = planned !== undefined || lastAction?.result === 'Pending';
  const isLeft = !isUnderWay && observed?.[kind.field] !== applied?.[kind.field];
  return isRecent || (isLeft && drift.count >= MOST_SET_BACKS) ? drift.count : 0;
}
