import {
  type AsanaConnector,
  type AsanaConnectorStatus,
  asanaConnectorKind,
} from '../../api/asana-connector.ts';
import { fitStatus } from '../../api/fit-status.ts';
import { asanaConnectors } from '../../api/resources.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { ReconcileContext, ReconcileResult } from '../../kubernetes/controller.ts';
import type { EventRecorder } from '../../kubernetes/events.ts';
import type { ObjectWriter } from '../../kubernetes/object-writer.ts';
import type { Store } from '../../kubernetes/store.ts';
import type { Organizations } from '../../provisioning/removals/organizations.ts';
import { type OpenConductorOne, reconcileConductorOne } from '../conductorone/link-reconciler.ts';
import { type OpenAsana, takeUpCredentials } from './connector-credentials.ts';
import { eventOfAnswer, eventsOfStatus, toldWith } from './connector-events.ts';
import { type ConnectorFacts, factsOf } from './connector-facts.ts';
import type { ConnectorMetrics } from './connector-metrics.ts';
import { findObstacle } from './connector-obstacle.ts';
import { intervalsOf } from './connector-policies.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import type { ConnectorSession } from './connector-session.ts';
import { connectorStatus } from './connector-status.ts';
import type { SecretCache } from './credentials.ts';
import { type TalliedGrant, tallyGrants } from './grant-tally.ts';
import { answersPerson, causeOf, nextSyncAt, settledBefore } from './sync-schedule.ts';

export interface ConnectorDeps {
  readonly connectors: Store<AsanaConnector>;
  readonly registry: ConnectorRegistry;
  readonly organizations: Organizations;
  readonly secrets: SecretCache;
  readonly writer: Pick<ObjectWriter<AsanaConnector>, 'writeStatus'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: ConnectorMetrics;
  readonly openAsana: OpenAsana;
  readonly openConductorOne: OpenConductorOne;
  /** Returns the grants of all kinds that name a connector. */
  readonly grantsOf: (key: string) => Iterable<TalliedGrant>;
  /** Queues grants of a connector, with a lower priority than edits: those with these uids, or all of them. */
  readonly enqueueGrants: (key: string, uids?: ReadonlySet<string>) => void;
  readonly clock: Clock;
}

/** Counts of a running sync are written at most this often. */
const PROGRESS_EVERY_MS = 10_000;

/** Reconciles AsanaConnectors: keeps their sessions in line with their specs, and their status up to date. */
export class ConnectorReconciler {
  readonly #deps: ConnectorDeps;
  readonly #publishing = new Map<string, Promise<void>>();
  readonly #progressAt = new Map<string, number>();
  /** For each session, the status that counts as reported in events: initially the one found when the session began. */
  readonly #told = new WeakMap<ConnectorSession, AsanaConnectorStatus>();

  constructor(deps: ConnectorDeps) {
    this.#deps = deps;
  }

  async reconcile(key: string, { log }: ReconcileContext): Promise<ReconcileResult | void> {
    const { connectors, registry } = this.#deps;
    const connector = connectors.get(key);
    if (!connector || connector.metadata.deletionTimestamp !== undefined) return this.#forget(key);
    const session = await registry.of(key, connector);
    session.follow(connector);
    if (!this.#told.has(session)) this.#observeAsBefore(connector, session);
    if (connector.spec.suspend) {
      await session.link.end();
      await session.syncs.stop('the connector is suspended');
      const { againInMs } = this.#workOnHolds(key, session);
      await this.publish(key);
      return againInMs === null ? undefined : { requeueAfterMs: againInMs };
    }
    const fresh = session.isAskedAnew(connector);
    await takeUpCredentials(connector, session, { ...this.#deps, fresh });
    await this.#takeAnswers(key, connector, session);
    const { secrets, openConductorOne: open } = this.#deps;
    await reconcileConductorOne(connector, session.link, fresh, { secrets, open });
    if (session.asana) await this.#startDueSync(connector, session, log);
    const { moved, againInMs } = this.#workOnHolds(key, session);
    // An edit is observed at once, whatever the state of a sync.
    const atOnce = moved || connector.status?.observedGeneration !== connector.metadata.generation;
    if (atOnce || !session.syncs.running || session.syncs.running.answering)
      await this.#publishInTime(key, session, atOnce, log);
    const waits = [secrets.againInMs(key), againInMs, this.#untilSync(connector, session)];
    return { requeueAfterMs: Math.min(...waits.filter((wait) => wait !== null)) };
  }

  /** Writes the current status, one write at a time per connector, so that no older status overwrites a newer one. */
  async publish(key: string): Promise<void> {
    const earlier = this.#publishing.get(key) ?? Promise.resolve();
    const mine = earlier.catch(() => {}).then(() => this.#write(key));
    this.#publishing.set(key, mine);
    try {
      await mine;
    } finally {
      if (this.#publishing.get(key) === mine) this.#publishing.delete(key);
    }
  }

  /** Publishes the connector and all others of its organizations: each records what is done in an organization. */
  async publishWithPeers(key: string): Promise<void> {
    const { registry, organizations } = this.#deps;
    const shared = registry.find(key)?.organizations ?? [];
    const keys = new Set([
      key,
      ...shared.flatMap((organization) => organizations.connectorsOf(organization)),
    ]);
    await Promise.all([...keys].map((one) => this.publish(one)));
  }

  /** Sets the metrics from the stored status until this process has its own results, so that alerts continue. */
  #observeAsBefore(connector: AsanaConnector, session: ConnectorSession): void {
    const { conditions } = connector.status ?? {};
    if (conditions) this.#deps.metrics.observe(session.key, this.#factsOf(connector, session), conditions);
  }

  #factsOf(connector: AsanaConnector, session: ConnectorSession): ConnectorFacts {
    const { connectors, grantsOf, clock } = this.#deps;
    return factsOf(connector, session, {
      obstacle: findObstacle(connector, session, connectors.values()),
      tally: tallyGrants(grantsOf(session.key), session.directory, clock.now()),
    });
  }

  async #forget(key: string): Promise<void> {
    const { registry, metrics, secrets } = this.#deps;
    await registry.close(key);
    metrics.forget(key);
    secrets.forget(key);
    this.#publishing.delete(key);
    this.#progressAt.delete(key);
  }

  async #startDueSync(connector: AsanaConnector, session: ConnectorSession, log: Logger): Promise<void> {
    const { clock } = this.#deps;
    // The first status is written before the first request is sent (kstatus treats an object without one as ready).
    if (!connector.status?.conditions) await this.publish(session.key);
    const cause = causeOf(connector, session.clients.secretVersion);
    const now = clock.monotonic();
    const dueAt = nextSyncAt(session.syncs.finished, cause, intervalsOf(connector).intervalMs, now);
    if (dueAt === null || dueAt > now || session.syncs.running) return;
    const answering = answersPerson(session.syncs.lastCause ?? settledBefore(connector), cause);
    log.info('sync begins', { answersPerson: answering });
    session.startSync(cause, { answering });
  }

  /** Returns how long until the next sync is due, in ms; `null` if time alone does not make one due. */
  #untilSync(connector: AsanaConnector, session: ConnectorSession): number | null {
    if (session.syncs.running || !session.asana) return null;
    const now = this.#deps.clock.monotonic();
    const cause = causeOf(connector, session.clients.secretVersion);
    const next = nextSyncAt(session.syncs.finished, cause, intervalsOf(connector).intervalMs, now);
    return next === null ? null : Math.max(next - now, 1_000);
  }

  /** Requeues the grants whose verdict may have changed, and updates the token that people are shown. */
  #workOnHolds(key: string, { desk }: ConnectorSession): { moved: boolean; againInMs: number | null } {
    const changed = desk.takeChanged();
    if (changed.size > 0) this.#deps.enqueueGrants(key, changed);
    return desk.publish(this.#deps.clock.now());
  }

  /**
   * Applies answers that people gave to holds by annotation. An accepted reading is recorded before it is acted on,
   * since other connectors use the recorded organizations.
   */
  async #takeAnswers(key: string, connector: AsanaConnector, session: ConnectorSession): Promise<void> {
    const { events, enqueueGrants } = this.#deps;
    const answers = session.takeAnswers(connector);
    if (answers.some(({ kind }) => kind === 'Accepted')) await this.publish(key);
    for (const answer of answers) {
      const [type, reason, note] = eventOfAnswer(answer);
      events.record(asanaConnectors, connector, type, reason, note);
      if (answer.kind === 'Removals') enqueueGrants(key, new Set(answer.ids));
      if (answer.kind === 'Accepted') enqueueGrants(key);
    }
  }

  /** Publishes changed phases and holds at once, and changed counts at most every ten seconds. */
  async #publishInTime(key: string, session: ConnectorSession, atOnce: boolean, log: Logger): Promise<void> {
    const { clock, connectors } = this.#deps;
    const { running } = session.syncs;
    const shown = connectors.get(key)?.status?.sync?.progress;
    const last = this.#progressAt.get(key) ?? Number.NEGATIVE_INFINITY;
    const early = clock.monotonic() - last < PROGRESS_EVERY_MS;
    if (running && !atOnce && early && shown?.phase === running.progress.phase) return;
    this.#progressAt.set(key, clock.monotonic());
    if (running) log.info('sync in progress', { ...running.progress });
    await this.publish(key);
  }

  async #write(key: string): Promise<void> {
    const { connectors, registry, writer, clock, events, metrics } = this.#deps;
    const connector = connectors.get(key);
    const session = connector && registry.findFor(connector);
    if (!session) return;
    const facts = this.#factsOf(connector, session);
    const status = fitStatus(asanaConnectorKind.status, connectorStatus(facts, clock.now()));
    await writer.writeStatus(connector, status);
    const told = this.#told.get(session) ?? connector.status;
    this.#told.set(session, toldWith(told, status));
    for (const [type, reason, note] of eventsOfStatus(told, status))
      events.record(asanaConnectors, connector, type, reason, note);
    // If the session was closed meanwhile, its series were removed and must not come back.
    if (registry.findFor(connector) === session) metrics.observe(key, facts, status.conditions ?? []);
  }
}
