import { isDeepStrictEqual } from 'node:util';
import type { AsanaConnector } from '../api/asana-connector.ts';
import { findCondition } from '../api/conditions.ts';
import type { GrantKindName, GrantObject } from '../api/kinds.ts';
import type { Clock } from '../core/clock.ts';
import { Turns } from '../core/turns.ts';
import type { Change } from '../kubernetes/reflector.ts';
import { type Key, type KubernetesObject, keyOf } from '../kubernetes/resource.ts';
import type { Store } from '../kubernetes/store.ts';
import { Priority, type WorkQueue } from '../kubernetes/work-queue.ts';
import { connectorKeyOf, identitiesOf } from './grants/grant-identity.ts';
import { type GrantKind, grantKinds } from './grants/grant-kinds.ts';
import type { GrantStores, KnownGrant } from './grants/grant-stores.ts';

/**
 * Why a connector has to be reconciled soon: its grant counts changed, an enterprise license became free, its
 * credentials were rejected, or the state of its removal desk changed.
 */
export type TouchReason = 'Counts' | 'SeatFreed' | 'CredentialsRejected' | 'Removals';

/** How long changes that grants cause in a connector's status are collected before it is written. */
const COUNTS_SETTLE_MS = 5_000;

interface Routes {
  readonly connectors: Store<AsanaConnector>;
  readonly grants: GrantStores;
  readonly connectorQueue: WorkQueue;
  readonly grantQueues: ReadonlyMap<GrantKindName, WorkQueue>;
  readonly clock: Clock;
}

/**
 * Decides which keys a change adds to which queue: a change of one object requeues others. Ignores all changes until
 * `begin`, because a standby takes no keys out and would keep the name of every object that ever existed.
 */
export class QueueRouter {
  readonly #routes: Routes;
  #begun = false;

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** Queues all existing objects and, from now on, everything that changes. */
  async begin(): Promise<void> {
    const { connectors, grants, connectorQueue, clock } = this.#routes;
    const turns = new Turns(clock);
    this.#begun = true;
    for (const key of connectors.keys()) connectorQueue.add(key);
    for (const kind of grantKinds) {
      for (const key of grants.of(kind).keys()) {
        this.#queueOf(kind).add(key, { priority: Priority.resync });
        await turns.giveWay();
      }
    }
  }

  onConnector({ key, previous, current }: Change<AsanaConnector>): void {
    if (!this.#begun) return;
    // Other connectors may be waiting for an organization that this connector no longer reads.
    if (previous && current && !sameOrganizations(previous, current))
      this.#enqueuePeers(key, [previous, current]);
    if (onlyStatusMoved(previous, current)) return;
    this.#routes.connectorQueue.add(key, { priority: Priority.edit });
    if (sameSpec(previous, current)) return;
    this.enqueueGrants(key, Priority.change);
    this.#enqueuePeers(key, [previous, current]);
  }

  /** Requeues the other connectors that share an organization: whether one may apply depends on the others. */
  #enqueuePeers(key: Key, versions: readonly (AsanaConnector | null)[]): void {
    const organizations = new Set(versions.flatMap((version) => version?.status?.organizations ?? []));
    for (const other of this.#routes.connectors.values()) {
      const shared = other.status?.organizations?.some((gid) => organizations.has(gid)) ?? false;
      if (!shared || keyOf(other) === key) continue;
      this.#routes.connectorQueue.add(keyOf(other));
      this.enqueueGrants(keyOf(other), Priority.resync);
    }
  }

  onGrant(kind: GrantKind, { key, previous, current }: Change<GrantObject>): void {
    const any = current ?? previous;
    if (!this.#begun || !any) return;
    if (!isTheSameToOthers(previous, current)) this.#enqueueOthers(kind, any);
    if (onlyStatusMoved(previous, current)) return;
    this.#queueOf(kind).add(key, { priority: Priority.edit });
    this.touchConnector(connectorKeyOf(any), 'Counts');
  }

  /** Requeues the other grants of the same person, which depend on what this one declares or holds. */
  #enqueueOthers(kind: GrantKind, grant: GrantObject): void {
    for (const other of this.#routes.grants.byIdentities(identitiesOf(kind, grant))) {
      if (other.object.metadata.uid !== grant.metadata.uid) this.#enqueue(other, Priority.change);
    }
  }

  /** Queues every grant of a connector, or only those with the given uids. */
  enqueueGrants(connectorKey: Key, priority: number, uids?: ReadonlySet<string>): void {
    for (const known of this.#routes.grants.byConnector(connectorKey))
      if (!uids || uids.has(known.object.metadata.uid)) this.#enqueue(known, priority);
  }

  /** Requeues a connector after a change that its status or its other grants depend on. */
  touchConnector(key: Key, why: TouchReason): void {
    if (why === 'SeatFreed') this.#enqueueLimited(key);
    const afterMs = why === 'Counts' || why === 'SeatFreed' ? COUNTS_SETTLE_MS : 0;
    this.#routes.connectorQueue.add(key, { priority: Priority.change, afterMs });
  }

  /** Requeues the grants that wait for a license to become free. */
  #enqueueLimited(connectorKey: Key): void {
    const limit = this.#routes.connectors.get(connectorKey)?.spec.provisioning.maxEnterpriseLicenses;
    if (limit === undefined) return;
    for (const known of this.#routes.grants.byConnector(connectorKey)) {
      const conditions = known.object.status?.conditions ?? [];
      if (conditions.some(({ reason }) => reason === 'LicenseLimitReached'))
        this.#enqueue(known, Priority.change);
    }
  }

  #enqueue({ kind, object }: KnownGrant, priority: number): void {
    this.#queueOf(kind).add(keyOf(object), { priority });
  }

  #queueOf(kind: GrantKind): WorkQueue {
    const queue = this.#routes.grantQueues.get(kind.resource.kind);
    if (!queue) throw new TypeError(`there is no queue of ${kind.resource.kind}`);
    return queue;
  }
}

/** Whether neither spec nor annotations changed, as after our own status writes, which require no reconcile. */
function onlyStatusMoved(previous: KubernetesObject | null, current: KubernetesObject | null): boolean {
  if (!sameSpec(previous, current)) return false;
  return isDeepStrictEqual(previous?.metadata.annotations ?? {}, current?.metadata.annotations ?? {});
}

function sameSpec(previous: KubernetesObject | null, current: KubernetesObject | null): boolean {
  if (!previous || !current) return false;
  const [a, b] = [previous.metadata, current.metadata];
  return a.uid === b.uid && a.generation === b.generation && a.deletionTimestamp === b.deletionTimestamp;
}

/** Whether nothing changed that other grants of the same person depend on. */
export function isTheSameToOthers(previous: GrantObject | null, current: GrantObject | null): boolean {
  if (!previous || !current || !sameSpec(previous, current)) return false;
  const [a, b] = [previous.status, current.status];
  return (
    isDeepStrictEqual(a?.applied, b?.applied) &&
    a?.user?.gid === b?.user?.gid &&
    a?.user?.email === b?.user?.email &&
    a?.created?.gid === b?.created?.gid &&
    placeOf(a) === placeOf(b) &&
    timeOf(a) === timeOf(b)
  );
}

/** Returns the team or workspace of the right; `undefined` until it has been found. */
function placeOf(status: GrantObject['status']): string | undefined {
  if (!status) return undefined;
  return 'team' in status ? status.team?.gid : 'workspace' in status ? status.workspace : undefined;
}

/** Encodes whether the grant has begun and whether it has ended, which changes with time alone. */
function timeOf(status: GrantObject['status']): string {
  const ready = findCondition(status?.conditions, 'Ready')?.reason;
  return `${ready === 'Scheduled'} ${findCondition(status?.conditions, 'Expired') !== undefined}`;
}

function sameOrganizations({ status: before }: AsanaConnector, { status: after }: AsanaConnector): boolean {
  const [old = [], now = []] = [before?.organizations, after?.organizations];
  return old.length === now.length && old.every((gid) => now.includes(gid));
}
