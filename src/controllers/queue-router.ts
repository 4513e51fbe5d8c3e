import type { AsanaConnector } from '../api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import type { Change } from '../kubernetes/reflector.ts';
import { type Key, type KubernetesObject, keyOf } from '../kubernetes/resource.ts';
import type { Store } from '../kubernetes/store.ts';
import { Priority, type WorkQueue } from '../kubernetes/work-queue.ts';
import { CONNECTOR_INDEX, connectorKeyOf, IDENTITY_INDEX, identitiesOf } from './identity.ts';
import type { TouchReason } from './license-grant-context.ts';

/** What grants change in a connector's status is gathered for so long before it is written. */
const COUNTS_SETTLE_MS = 5_000;

interface Routes {
  readonly connectors: Store<AsanaConnector>;
  readonly grants: Store<AsanaLicenseGrant>;
  readonly connectorQueue: WorkQueue;
  readonly grantQueue: WorkQueue;
}

/** Which keys a change puts into which queue: how a change of one kind wakes the other. */
export class QueueRouter {
  readonly #connectors: Store<AsanaConnector>;
  readonly #grants: Store<AsanaLicenseGrant>;
  readonly #connectorQueue: WorkQueue;
  readonly #grantQueue: WorkQueue;

  constructor({ connectors, grants, connectorQueue, grantQueue }: Routes) {
    this.#connectors = connectors;
    this.#grants = grants;
    this.#connectorQueue = connectorQueue;
    this.#grantQueue = grantQueue;
  }

  onConnector({ key, previous, current, initial }: Change<AsanaConnector>): void {
    if (onlyStatusMoved(previous, current)) return;
    const priority = initial ? Priority.change : Priority.edit;
    this.#connectorQueue.add(key, { priority });
    this.enqueueGrants(key, Priority.change);
    this.#enqueuePeers(key);
  }

  /** Whether a connector may apply depends on the others of its organization. */
  #enqueuePeers(key: Key): void {
    for (const other of this.#connectors.values()) {
      if (keyOf(other) === key) continue;
      this.#connectorQueue.add(keyOf(other));
      this.enqueueGrants(keyOf(other), Priority.resync);
    }
  }

  onGrant({ key, previous, current, initial }: Change<AsanaLicenseGrant>): void {
    const any = (current ?? previous) as AsanaLicenseGrant;
    if (!initial) this.#enqueueRivals(any);
    if (onlyStatusMoved(previous, current)) return;
    this.#grantQueue.add(key, { priority: initial ? Priority.resync : Priority.edit });
    this.touchConnector(connectorKeyOf(any), 'Counts');
  }

  /** A contest is decided anew for everybody in it. */
  #enqueueRivals(grant: AsanaLicenseGrant): void {
    const own = keyOf(grant);
    for (const name of identitiesOf(grant)) {
      for (const rival of this.#grants.by(IDENTITY_INDEX, name)) {
        if (keyOf(rival) !== own) this.#grantQueue.add(keyOf(rival));
      }
    }
  }

  /** Every grant of a connector. */
  enqueueGrants(connectorKey: Key, priority: number): void {
    for (const grant of this.#grants.by(CONNECTOR_INDEX, connectorKey))
      this.#grantQueue.add(keyOf(grant), { priority });
  }

  /** Something a connector's status or its other grants depend on has changed. */
  touchConnector(key: Key, why: TouchReason): void {
    if (why === 'Held') this.enqueueGrants(key, Priority.change);
    if (why === 'SeatFreed') this.#enqueueLimited(key);
    const afterMs = why === 'Counts' || why === 'SeatFreed' ? COUNTS_SETTLE_MS : 0;
    this.#connectorQueue.add(key, { priority: Priority.change, afterMs });
  }

  /** Those that wait for a license to become free. */
  #enqueueLimited(connectorKey: Key): void {
    const limit = this.#connectors.get(connectorKey)?.spec.provisioning.maxEnterpriseLicenses;
    if (limit === undefined) return;
    for (const grant of this.#grants.by(CONNECTOR_INDEX, connectorKey)) {
      const waits = grant.status?.conditions?.some(({ reason }) => reason === 'LicenseLimitReached') ?? false;
      if (waits) this.#grantQueue.add(keyOf(grant));
    }
  }
}

/** Our own status writes come back through the watch; they ask for nothing. */
function onlyStatusMoved(previous: KubernetesObject | null, current: KubernetesObject | null): boolean {
  if (!previous || !current) return false;
  const [a, b] = [previous.metadata, current.metadata];
  return (
    a.uid === b.uid &&
    a.generation === b.generation &&
    a.deletionTimestamp === b.deletionTimestamp &&
    JSON.stringify(a.annotations ?? {}) === JSON.stringify(b.annotations ?? {})
  );
}
