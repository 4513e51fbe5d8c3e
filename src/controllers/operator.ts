import { randomUUID } from 'node:crypto';
import type { AsanaConnector } from '../api/asana-connector.ts';
import type { GrantKindName, GrantObject } from '../api/kinds.ts';
import { asanaConnectors, FIELD_MANAGER } from '../api/resources.ts';
import { openSession } from '../asana/session.ts';
import { Controller, type Reconcile } from '../kubernetes/controller.ts';
import { EventRecorder } from '../kubernetes/events.ts';
import { ObjectWriter } from '../kubernetes/object-writer.ts';
import { ReconcilingOperator } from '../kubernetes/operator.ts';
import type { Shares } from '../kubernetes/ready-keys.ts';
import type { Change } from '../kubernetes/reflector.ts';
import { type Key, keyOf } from '../kubernetes/resource.ts';
import { Store } from '../kubernetes/store.ts';
import { Priority, WorkQueue } from '../kubernetes/work-queue.ts';
import { AuditLog } from '../provisioning/audit.ts';
import { Executor } from '../provisioning/executor.ts';
import { Organizations } from '../provisioning/removals/organizations.ts';
import { TaskProvisioner } from '../provisioning/task-provisioner.ts';
import { ConditionMetrics } from './condition-metrics.ts';
import { openForOperator } from './conductorone/open-for-operator.ts';
import { ConnectorMetrics } from './connectors/connector-metrics.ts';
import { ConnectorReconciler } from './connectors/connector-reconciler.ts';
import { ConnectorRegistry } from './connectors/connector-registry.ts';
import { ConnectorSession, type SessionChange } from './connectors/connector-session.ts';
import { SecretCache } from './connectors/credentials.ts';
import { existingGrantOf, rosterEntryOf } from './connectors/existing-grants.ts';
import { newHoldId } from './connectors/hold-id.ts';
import { LiveClusterState } from './grants/cluster-state.ts';
import type { GrantDeps } from './grants/grant-context.ts';
import { connectorKeyOf } from './grants/grant-identity.ts';
import { type GrantKind, grantKinds } from './grants/grant-kinds.ts';
import { GrantReconciler } from './grants/grant-reconciler.ts';
import { GrantStores } from './grants/grant-stores.ts';
import type { AsanaOperatorOptions } from './operator-options.ts';
import { QueueRouter, type TouchReason } from './queue-router.ts';

/** How long reconciles in progress may take to finish when the operator stops. */
const GRACE_MS = 25_000;
/** A few workers are enough, since a connector reconciles quickly: its sync runs in the background. */
const MOST_CONNECTOR_WORKERS = 8;
/** How many connectors can use their full concurrency, or hang, before grants of other connectors wait. */
const BUSY_CONNECTORS = 10;

/** One grant kind with its reconciler and its controller. */
interface GrantLane {
  readonly kind: GrantKind;
  readonly reconciler: GrantReconciler;
  readonly controller: Controller;
}

/** The operator: its watches, one controller per kind, and the routing of changes between kinds. */
export class AsanaOperator extends ReconcilingOperator {
  readonly #options: AsanaOperatorOptions;
  readonly #connectors = new Store<AsanaConnector>();
  readonly #grants = new GrantStores();
  readonly #organizations: Organizations;
  readonly #registry: ConnectorRegistry;
  readonly #secrets: SecretCache;
  readonly #events: EventRecorder;
  readonly #conditions: ConditionMetrics;
  readonly #audit: AuditLog;
  readonly #connectorReconciler: ConnectorReconciler;
  readonly #connectorController: Controller;
  readonly #lanes: readonly GrantLane[];
  readonly #router: QueueRouter;

  constructor(options: AsanaOperatorOptions) {
    super(options);
    this.#options = options;
    const { client, clock, log, meter, tracer, means, concurrency } = options;
    const newId = means?.newId ?? randomUUID;
    this.#events = new EventRecorder({
      client,
      controller: FIELD_MANAGER,
      instance: options.identity,
      clock,
      log,
      newId,
    });
    this.#secrets = new SecretCache((namespace, name) => client.readSecret(namespace, name), clock);
    this.#organizations = new Organizations(clock);
    this.#registry = new ConnectorRegistry((connector) => this.#openSession(connector));
    this.#conditions = new ConditionMetrics(meter);
    this.#audit = new AuditLog(options.audit, clock);
    const executor = new Executor(this.#audit, meter, newId, tracer);
    this.#connectorReconciler = this.#reconcileConnectors(new TaskProvisioner({ executor, clock }));
    this.#connectorController = this.#control(
      asanaConnectors.singular,
      Math.min(concurrency, MOST_CONNECTOR_WORKERS),
      (key, context) => this.#connectorReconciler.reconcile(key, context),
    );
    const grantDeps = this.#grantDeps(executor);
    this.#lanes = grantKinds.map((kind) => {
      const reconciler = new GrantReconciler(kind, grantDeps);
      const controller = this.#control(
        kind.resource.singular,
        concurrency * BUSY_CONNECTORS,
        (key, context) => reconciler.reconcile(key, context),
        { groupOf: (key) => this.#connectorOf(kind, key), most: concurrency },
      );
      return { kind, reconciler, controller };
    });
    this.#router = new QueueRouter({
      connectors: this.#connectors,
      grants: this.#grants,
      connectorQueue: this.#connectorController.queue,
      grantQueues: new Map<GrantKindName, WorkQueue>(
        this.#lanes.map(({ kind, controller }) => [kind.resource.kind, controller.queue]),
      ),
      clock,
    });
  }

  #control(name: string, concurrency: number, reconcile: Reconcile, shares?: Shares): Controller {
    const { clock, random, log, meter, tracer, means } = this.#options;
    const queue = new WorkQueue(name, { clock, random, meter, shares });
    const newId = means?.newId;
    return new Controller({ name, queue, concurrency, reconcile, clock, log, meter, tracer, newId });
  }

  /** Returns the connector of a grant, which limits concurrency: all its grants wait for the same remote service. */
  #connectorOf(kind: GrantKind, key: Key): Key | null {
    const grant = this.#grants.of(kind).get(key);
    return grant ? connectorKeyOf(grant) : null;
  }

  #reconcileConnectors(provisioner: TaskProvisioner): ConnectorReconciler {
    const options = this.#options;
    const { client, clock, random, log, meter } = options;
    return new ConnectorReconciler({
      connectors: this.#connectors,
      registry: this.#registry,
      organizations: this.#organizations,
      secrets: this.#secrets,
      writer: new ObjectWriter(client, asanaConnectors, this.#connectors, FIELD_MANAGER),
      events: this.#events,
      metrics: new ConnectorMetrics(meter),
      openAsana: (connector, tokens) =>
        openSession({
          baseUrl: options.asanaApiUrl,
          ...tokens,
          scimEnabled: connector.spec.scim.enabled,
          budgets: options.budgets,
          adapter: options.means?.asanaAdapter,
          log,
          meter,
          tracer: options.tracer?.child({ connector: keyOf(connector) }),
          clock,
          random,
        }),
      openConductorOne: openForOperator(options, {
        connectors: this.#connectors,
        grants: this.#grants,
        registry: this.#registry,
        provisioner,
        publishWithPeers: (key) => this.#connectorReconciler.publishWithPeers(key),
        onChanged: (key) => this.#touchConnector(key, 'SeatFreed'),
      }),
      grantsOf: (key) => this.#grants.byConnector(key),
      enqueueGrants: (key, uids) =>
        this.#router.enqueueGrants(key, uids ? Priority.change : Priority.resync, uids),
      clock,
    });
  }

  #grantDeps(executor: Executor): GrantDeps {
    const { client, clock, log, meter, leadership, actionTimeoutMs } = this.#options;
    const writers = new Map(
      grantKinds.map((kind) => [
        kind,
        new ObjectWriter(client, kind.resource, this.#grants.of(kind), FIELD_MANAGER),
      ]),
    );
    return {
      grants: this.#grants,
      connectors: this.#connectors,
      registry: this.#registry,
      writer: (kind) => {
        const writer = writers.get(kind);
        if (!writer) throw new TypeError(`there is no writer of ${kind.resource.kind}`);
        return writer;
      },
      events: this.#events,
      executor,
      audit: this.#audit,
      leadership,
      cluster: new LiveClusterState(client),
      readGrant: (kind, namespace, name) => client.get<GrantObject>(kind.resource, namespace, name),
      readConnector: (namespace, name) => client.get<AsanaConnector>(asanaConnectors, namespace, name),
      publishConnector: (key, withPeers) =>
        withPeers ? this.#connectorReconciler.publishWithPeers(key) : this.#connectorReconciler.publish(key),
      touchConnector: (key, why) => this.#touchConnector(key, why),
      actionTimeoutMs,
      clock,
      log,
      meter,
    };
  }

  /** Starts the watches; called by `start`. A standby watches too, so that its caches are warm when it leads. */
  protected override init(): Promise<void> {
    for (const namespace of this.#options.namespaces ?? [null]) {
      this.reflect(asanaConnectors, namespace, this.#connectors, (change) =>
        this.#router.onConnector(change),
      );
      for (const lane of this.#lanes)
        this.reflect(lane.kind.resource, namespace, this.#grants.of(lane.kind), (change) =>
          this.#onGrant(lane, change),
        );
    }
    return Promise.resolve();
  }

  /** Handles a changed grant. State of a deleted object is dropped; a new object of the same name inherits nothing. */
  #onGrant({ kind, reconciler }: GrantLane, change: Change<GrantObject>): void {
    const { previous, current } = change;
    if (previous && previous.metadata.uid !== current?.metadata.uid) reconciler.forget(previous);
    if (current) this.#registry.find(connectorKeyOf(current))?.noteGrant(rosterEntryOf(current));
    this.#router.onGrant(kind, change);
  }

  /** Starts reconciling once every watched kind has been listed. Called only on the leader. */
  async lead(signal: AbortSignal): Promise<void> {
    await this.untilSynced(signal);
    await this.#router.begin();
    for (const controller of this.#controllers()) controller.start();
  }

  /** Shuts down in order: tasks and new reconciles at once, then reconciles in progress, syncs, events and watches. */
  async drain(): Promise<void> {
    await Promise.all([
      this.#registry.closeLinks(),
      ...this.#controllers().map((controller) => controller.stop(GRACE_MS)),
    ]);
    await this.#registry.closeAll();
    await this.#events.flush();
    this.stop();
    await this.stopped();
  }

  /** Returns how long, in seconds, the longest-running key has been in work; used for liveness. */
  longestRunningSeconds(): number {
    return Math.max(...this.#controllers().map(({ queue }) => queue.longestRunningSeconds()));
  }

  /** Updates the gauges that are computed on demand; called before metrics are read. */
  refreshMetrics(): void {
    this.#options.budgets.refresh();
    // A standby has the same objects in its cache, so only the leader counts them.
    if (this.#options.leadership.leads) {
      this.#conditions.refresh(asanaConnectors.kind, this.#connectors.values());
      for (const { kind } of this.#lanes)
        this.#conditions.refresh(kind.resource.kind, this.#grants.of(kind).values());
    }
    const contact = this.#options.meter.gauge(
      'watch_last_contact_seconds',
      'Seconds since the last message of the API server about a kind.',
      ['kind'],
    );
    for (const { kind, silentMs } of this.contacts()) contact.set(silentMs / 1000, { kind });
    for (const { queue } of this.#controllers()) queue.refreshMetrics();
  }

  #controllers(): Controller[] {
    return [this.#connectorController, ...this.#lanes.map(({ controller }) => controller)];
  }

  #openSession(connector: AsanaConnector): ConnectorSession {
    const { clock, random, log, tracer, means } = this.#options;
    const key = keyOf(connector);
    const grants = this.#grants.byConnector(key).map(({ object }) => existingGrantOf(object));
    return new ConnectorSession(
      {
        clock,
        random,
        log: log.child({ connector: key }),
        tracer: tracer?.child({ connector: key }),
        newHoldId: means?.newHoldId ?? newHoldId,
        organizations: this.#organizations,
        onChange: (what) => this.#onSync(key, what),
      },
      connector,
      grants,
    );
  }

  #onSync(key: Key, what: SessionChange): void {
    const session = this.#registry.find(key);
    if (what === 'Progress' && !session?.syncs.running?.answering) return;
    if (what === 'Accounts' || what === 'Finished' || what === 'Clients')
      this.#router.enqueueGrants(key, Priority.resync);
    if (what === 'Finished' && session?.syncs.report?.error?.code === 'CredentialsRejected')
      this.#secrets.forget(key);
    this.#connectorController.queue.add(key, { priority: Priority.edit });
  }

  #touchConnector(key: Key, why: TouchReason): void {
    if (why === 'CredentialsRejected') {
      this.#secrets.forget(key);
      this.#registry.find(key)?.noteRejection();
    }
    this.#router.touchConnector(key, why);
  }
}
