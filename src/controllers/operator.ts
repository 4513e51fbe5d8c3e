import type { AxiosAdapter } from 'axios';
import type { AsanaConnector } from '../api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import {
  ACKNOWLEDGE_ANNOTATION,
  asanaConnectors,
  asanaLicenseGrants,
  DISCARD_ANNOTATION,
  FIELD_MANAGER,
} from '../api/resources.ts';
import type { BudgetRegistry } from '../asana/budget-registry.ts';
import { openSession } from '../asana/session.ts';
import { Controller } from '../kubernetes/controller.ts';
import { EventRecorder } from '../kubernetes/events.ts';
import { ObjectWriter } from '../kubernetes/object-writer.ts';
import { type OperatorDeps, ReconcilingOperator } from '../kubernetes/operator.ts';
import { type Key, keyOf } from '../kubernetes/resource.ts';
import { Store } from '../kubernetes/store.ts';
import { Priority, WorkQueue } from '../kubernetes/work-queue.ts';
import { AuditLog, type AuditSink } from '../provisioning/audit.ts';
import { Executor } from '../provisioning/executor.ts';
import { TaskProvisioner } from '../provisioning/task-provisioner.ts';
import { AsanaConnectorReconciler } from './asana-connector-reconciler.ts';
import { LiveClusterState } from './cluster-state.ts';
import { ConditionMetrics } from './condition-metrics.ts';
import type { OpenService } from './conductorone-link.ts';
import type { OpenConductorOne } from './conductorone-reconciler.ts';
import type { ConductorOneSettings, openConductorOne } from './conductorone-service.ts';
import { ConnectorMetrics } from './connector-metrics.ts';
import { ConnectorRegistry } from './connector-registry.ts';
import { ConnectorSession, type SessionChange } from './connector-session.ts';
import { SecretCache } from './credentials.ts';
import { newHoldToken } from './hold-token.ts';
import { CONNECTOR_INDEX, connectorKeyOf, IDENTITY_INDEX, identitiesOf } from './identity.ts';
import type { Leadership, TouchReason } from './license-grant-context.ts';
import { LicenseGrantReconciler } from './license-grant-reconciler.ts';
import { operatorTaskHost } from './operator-task-host.ts';
import { QueueRouter } from './queue-router.ts';

export interface AsanaOperatorOptions extends OperatorDeps {
  /** Namespaces to watch; null for all. */
  readonly namespaces: readonly string[] | null;
  readonly concurrency: number;
  readonly asanaApiUrl: string;
  readonly budgets: BudgetRegistry;
  readonly actionTimeoutMs: number;
  readonly leadership: Leadership;
  /** Names this process in events. */
  readonly identity: string;
  readonly audit: AuditSink;
  readonly conductorOne: ConductorOneSettings;
  /** Where this process is not to be on its own wires or use its own luck; each by default the real thing. */
  readonly means?: OperatorMeans;
}

/** What connects a process with the outside, so that all of it can run without sockets and the same way twice. */
export interface OperatorMeans {
  /** Carries the requests to Asana. */
  readonly asanaAdapter?: AxiosAdapter;
  readonly openConductorOne?: typeof openConductorOne;
  /** A new UUID: names of events, actions and reconciles. */
  readonly newId?: () => string;
  /** A new word that names a hold. */
  readonly newHoldToken?: () => string;
}

/** On stop, work under way has so long to end by itself. */
const GRACE_MS = 25_000;

/** The operator: what it watches, its two controllers, and how a change of one kind wakes the other. */
export class AsanaOperator extends ReconcilingOperator {
  readonly #options: AsanaOperatorOptions;
  readonly #connectors = new Store<AsanaConnector>();
  readonly #grants = new Store<AsanaLicenseGrant>({
    [IDENTITY_INDEX]: identitiesOf,
    [CONNECTOR_INDEX]: (grant) => [connectorKeyOf(grant)],
  });
  readonly #registry: ConnectorRegistry;
  readonly #secrets: SecretCache;
  readonly #events: EventRecorder;
  readonly #connectorController: Controller;
  readonly #grantController: Controller;
  readonly #conditions: ConditionMetrics;
  readonly #router: QueueRouter;

  constructor(options: AsanaOperatorOptions) {
    super(options);
    this.#options = options;
    const { client, clock, log, meter } = options;
    this.#events = new EventRecorder({
      client,
      controller: FIELD_MANAGER,
      instance: options.identity,
      clock,
      log,
      newId: options.means?.newId,
    });
    this.#secrets = new SecretCache((namespace, name) => client.readSecret(namespace, name), clock);
    this.#registry = new ConnectorRegistry((connector) => this.#openConnector(connector));
    this.#conditions = new ConditionMetrics(meter);
    const executor = new Executor(new AuditLog(options.audit, clock), meter, options.means?.newId);
    const connectors = this.#connectorReconciler(new TaskProvisioner({ executor, clock }));
    const grants = this.#grantReconciler(executor, (key) => connectors.publish(key));
    this.#connectorController = this.#controller(
      'asanaconnector',
      Math.min(options.concurrency, 8),
      connectors,
    );
    this.#grantController = this.#controller('asanalicensegrant', options.concurrency, grants);
    this.#router = new QueueRouter({
      connectors: this.#connectors,
      grants: this.#grants,
      connectorQueue: this.#connectorController.queue,
      grantQueue: this.#grantController.queue,
    });
  }

  #controller(
    name: string,
    concurrency: number,
    reconciler: AsanaConnectorReconciler | LicenseGrantReconciler,
  ): Controller {
    const { clock, random, log, meter, means } = this.#options;
    return new Controller({
      name,
      queue: new WorkQueue(name, { clock, random, meter }),
      concurrency,
      reconcile: (key, context) => reconciler.reconcile(key, context),
      clock,
      log,
      meter,
      newId: means?.newId,
    });
  }

  #connectorReconciler(provisioner: TaskProvisioner): AsanaConnectorReconciler {
    const options = this.#options;
    const { client, clock, random, log, meter } = options;
    const connectors: AsanaConnectorReconciler = new AsanaConnectorReconciler({
      connectors: this.#connectors,
      grants: this.#grants,
      registry: this.#registry,
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
          clock,
          random,
        }),
      openConductorOne: (connector, credentials, onChange) =>
        this.#openConductorOne(connector, credentials, onChange, {
          provisioner,
          publishConnector: (key) => connectors.publish(key),
        }),
      enqueueGrants: (key) => this.#router.enqueueGrants(key, Priority.resync),
      clock,
    });
    return connectors;
  }

  #grantReconciler(
    executor: Executor,
    publishConnector: (key: Key) => Promise<void>,
  ): LicenseGrantReconciler {
    const options = this.#options;
    const { client, clock, random, log, meter } = options;
    return new LicenseGrantReconciler({
      grants: this.#grants,
      connectors: this.#connectors,
      registry: this.#registry,
      writer: new ObjectWriter(client, asanaLicenseGrants, this.#grants, FIELD_MANAGER),
      events: this.#events,
      executor,
      audit: new AuditLog(options.audit, clock),
      leadership: options.leadership,
      cluster: new LiveClusterState(client),
      readGrant: (namespace, name) => client.get<AsanaLicenseGrant>(asanaLicenseGrants, namespace, name),
      readConnector: (namespace, name) => client.get<AsanaConnector>(asanaConnectors, namespace, name),
      publishConnector,
      touchConnector: (key, why) => this.#touchConnector(key, why),
      actionTimeoutMs: options.actionTimeoutMs,
      newHoldToken: options.means?.newHoldToken ?? newHoldToken,
      clock,
      random,
      log,
      meter,
    });
  }

  /** Loaded when a connector asks for it: most operators need no gRPC in memory. */
  async #openConductorOne(
    connector: AsanaConnector,
    credentials: Parameters<OpenConductorOne>[1],
    onChange: Parameters<OpenConductorOne>[2],
    parts: {
      readonly provisioner: TaskProvisioner;
      readonly publishConnector: (key: Key) => Promise<void>;
    },
  ): Promise<OpenService> {
    const { clock, random, log, meter, identity, leadership, actionTimeoutMs, conductorOne, means } =
      this.#options;
    const open = means?.openConductorOne ?? (await import('./conductorone-service.ts')).openConductorOne;
    const host = operatorTaskHost(connector, {
      grants: this.#grants,
      connectors: this.#connectors,
      registry: this.#registry,
      touchConnector: (key, why) => this.#touchConnector(key, why),
      leadership,
      actionTimeoutMs,
      clock,
      ...parts,
    });
    return open(
      { connector, ...credentials, host, onChange },
      {
        identity,
        settings: conductorOne,
        clock,
        random,
        log: log.child({ connector: keyOf(connector) }),
        meter,
      },
    );
  }

  /** Begins to watch; called by `start`. A standby does so too, so that it has warm caches when it leads. */
  protected override init(): Promise<void> {
    for (const namespace of this.#options.namespaces ?? [null]) {
      this.reflect(asanaConnectors, namespace, this.#connectors, (change) =>
        this.#router.onConnector(change),
      );
      this.reflect(asanaLicenseGrants, namespace, this.#grants, (change) => this.#router.onGrant(change));
    }
    return Promise.resolve();
  }

  /** Begins to reconcile, once everything there is was read; only the leader does. */
  async lead(signal: AbortSignal): Promise<void> {
    await this.untilSynced(signal);
    this.#connectorController.start();
    this.#grantController.start();
  }

  /** Ends everything in order: tasks at once and no new work, what is under way, syncs, events, watches. */
  async drain(): Promise<void> {
    await Promise.all([
      this.#registry.closeLinks(),
      this.#connectorController.stop(GRACE_MS),
      this.#grantController.stop(GRACE_MS),
    ]);
    await this.#registry.closeAll();
    await this.#events.flush();
    this.stop();
    await this.stopped();
  }

  /** Seconds the key longest in work has been there; for liveness. */
  longestRunningSeconds(): number {
    return Math.max(
      this.#connectorController.queue.longestRunningSeconds(),
      this.#grantController.queue.longestRunningSeconds(),
    );
  }

  /** Brings the gauges that are counted, not kept, up to date; called before metrics are read. */
  refreshMetrics(): void {
    this.#options.budgets.refresh();
    this.#conditions.refresh(asanaConnectors.kind, this.#connectors.values());
    this.#conditions.refresh(asanaLicenseGrants.kind, this.#grants.values());
    const contact = this.#options.meter.gauge(
      'watch_last_contact_seconds',
      'Seconds since the API server last said anything about a kind.',
      ['kind'],
    );
    for (const { kind, silentMs } of this.contacts()) contact.set(silentMs / 1000, { kind });
    for (const { queue } of [this.#connectorController, this.#grantController]) queue.refreshMetrics();
  }

  #openConnector(connector: AsanaConnector): ConnectorSession {
    const { clock, random, log } = this.#options;
    const key = keyOf(connector);
    const session = new ConnectorSession(
      {
        clock,
        random,
        log: log.child({ connector: key }),
        newToken: this.#options.means?.newHoldToken ?? newHoldToken,
        onChange: (what) => this.#onSync(key, what),
      },
      connector.status,
    );
    // An answer to a hold of long ago stays on the object, and is no mistake of anybody.
    if (!connector.status?.hold) for (const token of answersOf(connector)) session.answered.add(token);
    return session;
  }

  #onSync(key: Key, what: SessionChange): void {
    const session = this.#registry.find(key);
    if (what === 'Progress' && !session?.answering) return;
    if (what === 'Accounts' || what === 'Finished') this.#router.enqueueGrants(key, Priority.resync);
    if (what === 'Finished' && session?.report?.error?.code === 'CredentialsRejected')
      this.#forgetSecret(key);
    this.#connectorController.queue.add(key, { priority: Priority.edit });
  }

  #touchConnector(key: Key, why: TouchReason): void {
    if (why === 'CredentialsRejected') this.#forgetSecret(key);
    this.#router.touchConnector(key, why);
  }

  #forgetSecret(key: Key): void {
    const connector = this.#connectors.get(key);
    if (connector)
      this.#secrets.forget(connector.metadata.namespace, connector.spec.credentials.secretRef.name);
  }
}

function answersOf({ metadata }: AsanaConnector): string[] {
  const { annotations = {} } = metadata;
  return [annotations[ACKNOWLEDGE_ANNOTATION], annotations[DISCARD_ANNOTATION]].filter(
    (token) => token !== undefined,
  );
}
