import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { ConnectorRegistry } from '../../controllers/connectors/connector-registry.ts';
import { ConnectorSession } from '../../controllers/connectors/connector-session.ts';
import { existingGrantOf, rosterEntryOf } from '../../controllers/connectors/existing-grants.ts';
import type { GrantDeps } from '../../controllers/grants/grant-context.ts';
import { connectorKeyOf, identitiesOf } from '../../controllers/grants/grant-identity.ts';
import { type GrantKind, grantKinds } from '../../controllers/grants/grant-kinds.ts';
import { GrantReconciler } from '../../controllers/grants/grant-reconciler.ts';
import { GrantStores, type KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { isTheSameToOthers, type TouchReason } from '../../controllers/queue-router.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { type Logger, silentLogger } from '../../core/logger.ts';
import { silentMeter } from '../../core/meter.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { AuditRecord } from '../../provisioning/audit.ts';
import { Executor } from '../../provisioning/executor.ts';
import { Organizations } from '../../provisioning/removals/organizations.ts';
import { READ_TOKENS } from '../asana-reading/directory-reading.ts';
import { openPlannedAsana } from './planned-asana.ts';
import { PlannedConnectors } from './planned-connectors.ts';
import { type PlannedWrite, PlannedWriter } from './planned-objects.ts';
import { findStoppedRemoval, type StoppedRemoval } from './stopped-removal.ts';

/** More decisions about one grant than this indicate an endless loop. */
const MOST_DECISIONS = 100;
const ACTION_TIMEOUT_MS = 60_000;

/** A change that Apply would make in Asana, and why. */
export interface PlannedChange {
  readonly record: AuditRecord;
  readonly why: string;
}

/** A grant that would be released without a change in Asana. */
export interface PlannedRelease {
  readonly known: KnownGrant;
  readonly message: string;
}

export interface PlannerParts {
  /** As declared. The planner decides for them as in mode Apply. */
  readonly connectors: readonly AsanaConnector[];
  /** The other connectors, for which nothing is planned. An older one may have taken the organization. */
  readonly bystanders: readonly AsanaConnector[];
  /** In the order of their creation. */
  readonly grants: readonly KnownGrant[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Runs the operator's own reconcilers on objects and on an Asana in memory, until nothing is left to do. The changes
 * they make are what mode Apply would do. Removals come last, as if their delay had passed.
 */
export class Planner {
  readonly changes: PlannedChange[] = [];
  readonly released: PlannedRelease[] = [];
  // Without word pools: no object here is parsed from JSON, and what is written reuses existing strings.
  readonly grants = new GrantStores(() => null);
  readonly registry: ConnectorRegistry;
  readonly #parts: PlannerParts;
  readonly #connectors = new PlannedConnectors();
  readonly #deps: GrantDeps;
  readonly #reconcilers: ReadonlyMap<GrantKind, GrantReconciler>;
  readonly #waiting = new Map<string, KnownGrant>();
  readonly #decisions = new Map<string, number>();
  /** The reason for each action, by the id of the action. */
  readonly #reasons = new Map<string, string>();
  /** As after a takeover of the lease: removals wait, so that all of them are counted first. The rest goes ahead. */
  readonly #leadership = {
    leads: true,
    leadingForMs: 0,
    takenOver: true,
    stoppedUntil: null,
  };

  constructor(parts: PlannerParts) {
    this.#parts = parts;
    const organizations = new Organizations(parts.clock);
    this.registry = new ConnectorRegistry((connector) => this.#openSession(connector, organizations));
    for (const { kind, object } of parts.grants) this.grants.of(kind).put(object);
    const deps = this.#makeDeps();
    this.#deps = deps;
    this.#reconcilers = new Map(grantKinds.map((kind) => [kind, new GrantReconciler(kind, deps)]));
  }

  /**
   * Plans until nothing is left to do. The directory of each connector has been read into its session.
   * @throws the signal's reason if it aborts
   */
  async run(signal: AbortSignal): Promise<void> {
    for (const connector of this.#parts.bystanders) this.#connectors.put(connector);
    for (const connector of this.#parts.connectors) await this.#takeUp(connector);
    for (const known of this.#parts.grants) this.#enqueue(known);
    await this.#work(signal);
    for (const connector of this.#parts.connectors) this.#takeAnswers(connector);
    this.#leadership.takenOver = false;
    for (const known of this.#parts.grants) if (this.#waitsToRemove(known)) this.#enqueue(known);
    await this.#work(signal);
  }

  /** Returns a grant as it would be after the plan; `null` if it would be gone. */
  after({ kind, object }: KnownGrant): GrantObject | null {
    return this.grants.of(kind).get(keyOf(object)) ?? null;
  }

  /** Returns the removal that is stopped by a suspended connector, or a reading in doubt; `null` if there is none. */
  stoppedRemoval(known: KnownGrant): StoppedRemoval | null {
    const object = this.after(known);
    const key = connectorKeyOf(known.object);
    const suspended = this.#parts.connectors.some((one) => one.spec.suspend && keyOf(one) === key);
    const stopped = suspended || (this.registry.find(key)?.doubts.length ?? 0) > 0;
    if (!object || !stopped) return null;
    this.#connectors.showFor(object, { resumed: true });
    return findStoppedRemoval(this.#deps, { kind: known.kind, object });
  }

  /** Gives a connector its in-memory Asana and, as the operator will, a status with the organizations that it reads. */
  async #takeUp(connector: AsanaConnector): Promise<void> {
    const session = this.registry.find(keyOf(connector));
    const organizations = [...(session?.organizations ?? [])];
    this.#connectors.put({ ...connector, status: { ...connector.status, organizations } });
    await session?.useCredentials(
      READ_TOKENS,
      () => openPlannedAsana(session.directory, this.#parts.clock, connector.spec.scim.enabled),
      { settings: 'planned' },
    );
  }

  /** Takes the answers to holds in a connector's manifest. As in the operator, only once every grant was decided. */
  #takeAnswers(connector: AsanaConnector): void {
    const key = keyOf(connector);
    if (connector.spec.suspend) return;
    this.registry.find(key)?.takeAnswers(connector);
    this.#wakeChanged(key);
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let [next] = this.#waiting.values(); next; [next] = this.#waiting.values()) {
      signal.throwIfAborted();
      const { uid } = next.object.metadata;
      this.#waiting.delete(uid);
      const made = (this.#decisions.get(uid) ?? 0) + 1;
      this.#decisions.set(uid, made);
      if (made > MOST_DECISIONS)
        throw new TypeError(`the plan of ${keyOf(next.object)} does not come to an end`);
      await this.#reconcile(next, signal);
      this.#wakeChanged(connectorKeyOf(next.object));
    }
  }

  async #reconcile({ kind, object }: KnownGrant, signal: AbortSignal): Promise<void> {
    this.#connectors.showFor(object);
    try {
      await this.#reconcilers.get(kind)?.reconcile(keyOf(object), { signal, log: silentLogger });
    } catch (error) {
      // The status of the grant shows the refusal. An operator would try again later.
      if (!(error instanceof CodedError)) throw error;
      this.#parts.log.debug('not carried out', { error });
    }
  }

  #waitsToRemove(known: KnownGrant): boolean {
    const conditions = this.after(known)?.status?.conditions ?? [];
    return conditions.some(({ type, reason }) => type === 'Ready' && reason === 'RemovalPending');
  }

  /** Enqueues the grants for which the removal desk may now decide differently. */
  #wakeChanged(connectorKey: string): void {
    const changed = this.registry.find(connectorKey)?.desk.takeChanged();
    if (!changed || changed.size === 0) return;
    for (const known of this.grants.byConnector(connectorKey))
      if (changed.has(known.object.metadata.uid)) this.#enqueue(known);
  }

  #enqueue(known: KnownGrant): void {
    const { uid } = known.object.metadata;
    if (!this.#waiting.has(uid)) this.#waiting.set(uid, known);
  }

  #onWrite({ kind, before, after }: PlannedWrite): void {
    const { uid } = before.metadata;
    if (after && !isLetGo(after)) this.registry.find(connectorKeyOf(before))?.noteGrant(rosterEntryOf(after));
    else this.#reconcilers.get(kind)?.forget(before);
    const { lastAction, planned } = after?.status ?? {};
    if (lastAction?.result === 'Pending' && planned) this.#reasons.set(lastAction.id, planned.reason);
    if (isTheSameToOthers(before, after)) return;
    for (const other of this.grants.byIdentities(identitiesOf(kind, after ?? before)))
      if (other.object.metadata.uid !== uid) this.#enqueue(other);
  }

  /** Enqueues the grants that wait for a free license, when one becomes free. */
  #touch(connectorKey: string, why: TouchReason): void {
    if (why !== 'SeatFreed') return;
    for (const known of this.grants.byConnector(connectorKey)) {
      const conditions = known.object.status?.conditions ?? [];
      if (conditions.some(({ reason }) => reason === 'LicenseLimitReached')) this.#enqueue(known);
    }
  }

  #onAudit(record: AuditRecord): void {
    if (record.kind !== 'Change' || record.result !== 'Succeeded') return;
    this.changes.push({ record, why: this.#reasons.get(record.id ?? '') ?? '' });
  }

  #makeDeps(): GrantDeps {
    const { clock, log } = this.#parts;
    const audit = { write: (record: AuditRecord) => this.#onAudit(record) };
    const writers = new Map(
      grantKinds.map((kind) => [
        kind,
        new PlannedWriter(kind, this.grants.of(kind), (write) => this.#onWrite(write)),
      ]),
    );
    let ids = 0;
    return {
      grants: this.grants,
      connectors: this.#connectors,
      registry: this.registry,
      writer: (kind) => {
        const writer = writers.get(kind);
        if (!writer) throw new TypeError(`there is no writer of ${kind.resource.kind}`);
        return writer;
      },
      events: {
        record: (resource, object, _type, reason, note) => {
          const kind = grantKinds.find((candidate) => candidate.resource === resource);
          if (reason === 'Released' && kind)
            this.released.push({ known: { kind, object: object as GrantObject }, message: note });
        },
      },
      executor: new Executor(audit, silentMeter, () => `planned-${(ids += 1)}`),
      audit,
      leadership: this.#leadership,
      // Manifests do not show whether a namespace or the CRDs are being deleted.
      cluster: {
        connectorStands: () => Promise.resolve(true),
        namespaceGoing: () => Promise.resolve(false),
        kindsGoing: () => Promise.resolve(false),
      },
      readGrant: (kind, namespace, name) =>
        Promise.resolve(this.grants.of(kind).get(`${namespace}/${name}`) ?? null),
      readConnector: (namespace, name) =>
        Promise.resolve(this.#connectors.get(`${namespace}/${name}`) ?? null),
      publishConnector: () => Promise.resolve(),
      touchConnector: (key, why) => this.#touch(key, why),
      actionTimeoutMs: ACTION_TIMEOUT_MS,
      clock,
      log,
      meter: silentMeter,
    };
  }

  #openSession(connector: AsanaConnector, organizations: Organizations): ConnectorSession {
    const { clock, log } = this.#parts;
    const grants = this.grants.byConnector(keyOf(connector)).map(({ object }) => existingGrantOf(object));
    return new ConnectorSession(
      { clock, random: Math.random, log, newHoldId: () => 'planned', organizations, onChange: () => {} },
      connector,
      grants,
    );
  }
}

/** Whether a grant is deleted and no longer has the operator's finalizer. */
function isLetGo({ metadata }: GrantObject): boolean {
  const ours = metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false;
  return metadata.deletionTimestamp !== undefined && !ours;
}
