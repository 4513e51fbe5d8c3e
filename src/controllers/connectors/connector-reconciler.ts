import type { AsanaConnector, AsanaConnectorStatus } from '../../api/asana-connector.ts';
import type { AsanaLicenseGrant } from '../../api/asana-license-grant.ts';
import { findCondition } from '../../api/conditions.ts';
import {
  ACKNOWLEDGE_ANNOTATION,
  asanaConnectors,
  DISCARD_ANNOTATION,
  REQUESTED_AT_ANNOTATION,
} from '../../api/resources.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { ReconcileContext, ReconcileResult } from '../../kubernetes/controller.ts';
import type { EventRecorder } from '../../kubernetes/events.ts';
import type { ObjectWriter } from '../../kubernetes/object-writer.ts';
import type { Store } from '../../kubernetes/store.ts';
import { type OpenConductorOne, reconcileConductorOne } from './conductorone-reconciler.ts';
import type { ConnectorFacts } from './connector-facts.ts';
import type { ConnectorMetrics } from './connector-metrics.ts';
import { findObstacle, type Obstacle, reasonOf } from './connector-obstacle.ts';
import { intervalsOf, removalLimitsOf } from './connector-policies.ts';
import type { ConnectorRegistry } from './connector-registry.ts';
import type { ConnectorSession } from './connector-session.ts';
import { connectorStatus } from './connector-status.ts';
import { CredentialsError, SECRET_FRESHNESS_MS, type SecretCache, takeCredential } from './credentials.ts';
import { tallyGrants } from './grant-tally.ts';
import { CONNECTOR_INDEX } from './identity.ts';
import { answersPerson, nextSyncAt, type SyncCause } from './sync-schedule.ts';

export interface ConnectorDeps {
  readonly connectors: Store<AsanaConnector>;
  readonly grants: Store<AsanaLicenseGrant>;
  readonly registry: ConnectorRegistry;
  readonly secrets: SecretCache;
  readonly writer: ObjectWriter<AsanaConnector>;
  readonly events: EventRecorder;
  readonly metrics: ConnectorMetrics;
  readonly openAsana: (
    connector: AsanaConnector,
    tokens: { token: Redacted; scimToken: Redacted | undefined },
  ) => AsanaSession;
  readonly openConductorOne: OpenConductorOne;
  /** Puts every grant of the connector into the queue, behind what people changed. */
  readonly enqueueGrants: (key: string) => void;
  readonly clock: Clock;
}

/** Counts of a running sync are written at most this often (DESIGN §3.4). */
const PROGRESS_EVERY_MS = 10_000;

/** Keeps the sessions of AsanaConnectors as their specs say, and their status as things are. */
export class AsanaConnectorReconciler {
  readonly #deps: ConnectorDeps;
  readonly #publishing = new Map<string, Promise<void>>();
  readonly #progressAt = new Map<string, number>();

  constructor(deps: ConnectorDeps) {
    this.#deps = deps;
  }

  async reconcile(key: string, { log }: ReconcileContext): Promise<ReconcileResult | void> {
    const { connectors, registry, metrics, enqueueGrants, clock } = this.#deps;
    const connector = connectors.get(key);
    if (!connector || connector.metadata.deletionTimestamp !== undefined) {
      await registry.close(key);
      metrics.forget(key);
      this.#publishing.delete(key);
      this.#progressAt.delete(key);
      return;
    }
    const session = await registry.of(key, connector);
    if (connector.spec.suspend) {
      await session.link.end();
      await session.stopSync('the connector is suspended');
      await this.publish(key);
      return;
    }
    const fresh = session.isAskedAnew(connector);
    const credentials = await this.#takeUpCredentials(connector, session, fresh);
    session.credentialsObstacle = credentials.obstacle;
    this.#answerHold(key, connector, session);
    const { secrets, openConductorOne: open } = this.#deps;
    await reconcileConductorOne(connector, session, fresh, { secrets, open });
    if (credentials.obstacle) {
      await this.publish(key);
      return { requeueAfterMs: SECRET_FRESHNESS_MS };
    }
    // The first status is there before the first request leaves (kstatus takes an object without one for ready).
    if (!connector.status?.conditions) await this.publish(key);
    const cause = causeOf(connector, credentials.secretVersion);
    const { intervalMs, teamIntervalMs } = intervalsOf(connector);
    const now = clock.monotonic();
    const dueAt = nextSyncAt(session.finished, cause, intervalMs, now);
    if (dueAt !== null && dueAt <= now && !session.running) {
      session.answering = answersPerson(session.finished?.cause ?? settledBefore(connector), cause);
      log.info('sync begins', { answersPerson: session.answering });
      session.startSync(connector.spec, cause, { intervalMs, teamIntervalMs });
      enqueueGrants(key);
    }
    if (!session.running || session.answering) await this.#publishInTime(key, session, log);
    const next = nextSyncAt(session.finished, cause, intervalMs, clock.monotonic());
    const untilSync =
      session.running || next === null ? SECRET_FRESHNESS_MS : Math.max(next - clock.monotonic(), 1_000);
    return { requeueAfterMs: Math.min(untilSync, SECRET_FRESHNESS_MS) };
  }

  /** Writes the status as things are now. One at a time for a connector, so that none is written over by an older one. */
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

  async #write(key: string): Promise<void> {
    const { connectors, registry, writer, clock, metrics } = this.#deps;
    const connector = connectors.get(key);
    const session = registry.find(key);
    if (!connector || !session) return;
    const facts = this.#factsOf(key, connector, session);
    const status = connectorStatus(facts, clock.now());
    await writer.writeStatus(connector, status);
    this.#tellConductorOne(connector, status);
    metrics.observe(key, facts);
  }

  /** A connection that was made, or lost, is an event. */
  #tellConductorOne(before: AsanaConnector, after: AsanaConnectorStatus): void {
    const was = findCondition(before.status?.conditions, 'ConductorOneConnected');
    const is = findCondition(after.conditions, 'ConductorOneConnected');
    if (!is || is.status === 'Unknown' || (was?.status === is.status && was.reason === is.reason)) return;
    const [type, reason] =
      is.status === 'True'
        ? (['Normal', 'ConductorOneConnected'] as const)
        : (['Warning', is.reason] as const);
    this.#deps.events.record(asanaConnectors, before, type, reason, is.message);
  }

  /** Phases show at once, counts at most every ten seconds. */
  async #publishInTime(key: string, session: ConnectorSession, log: Logger): Promise<void> {
    const { clock, connectors } = this.#deps;
    const shown = connectors.get(key)?.status?.sync?.progress;
    const phase = session.running?.progress.phase;
    const last = this.#progressAt.get(key) ?? Number.NEGATIVE_INFINITY;
    if (session.running && shown?.phase === phase && clock.monotonic() - last < PROGRESS_EVERY_MS) return;
    this.#progressAt.set(key, clock.monotonic());
    if (session.running) log.info('sync goes on', { ...session.running.progress });
    await this.publish(key);
  }

  #factsOf(key: string, object: AsanaConnector, session: ConnectorSession): ConnectorFacts {
    const snapshot = session.directory.current();
    const counts = snapshot ? session.directory.counts() : null;
    return {
      object,
      obstacle: findObstacle(object, session, this.#deps.connectors.values()),
      running: session.running,
      reconciling: session.running !== null && session.answering,
      report: session.report,
      snapshot,
      counts,
      tally: tallyGrants(
        this.#deps.grants.by(CONNECTOR_INDEX, key),
        session.directory,
        counts?.enterpriseLicenses ?? 0,
      ),
      ledger: session.removals.ledger,
      pendingRemovals: session.removals.pending,
      limits: removalLimitsOf(object),
      conductorOne: object.spec.conductorOne ? session.link.state : null,
      handledRequest: session.finished?.cause.requestedAt ?? null,
    };
  }

  async #takeUpCredentials(
    connector: AsanaConnector,
    session: ConnectorSession,
    fresh: boolean,
  ): Promise<{ obstacle: Obstacle | null; secretVersion: string }> {
    const { secrets, openAsana } = this.#deps;
    const { secretRef } = connector.spec.credentials;
    try {
      const secret = await secrets.get(connector.metadata.namespace, secretRef.name, { fresh });
      const token = takeCredential(secret, secretRef.name, secretRef.tokenKey);
      const scimToken =
        secretRef.scimTokenKey === undefined
          ? undefined
          : takeCredential(secret, secretRef.name, secretRef.scimTokenKey);
      const fingerprint = [token.fingerprint(), scimToken?.fingerprint(), connector.spec.scim.enabled].join(
        ' ',
      );
      await session.useCredentials(fingerprint, () => openAsana(connector, { token, scimToken }));
      return { obstacle: null, secretVersion: secret?.resourceVersion ?? '' };
    } catch (error) {
      if (!(error instanceof CredentialsError)) throw error;
      await session.dropCredentials();
      return { obstacle: { reason: reasonOf(error), message: error.message }, secretVersion: '' };
    }
  }

  /** Every grant the hold has frozen says so itself; before that, an answer would miss those that do not yet. */
  #isRecorded(key: string, session: ConnectorSession, token: string): boolean {
    const frozen = this.#deps.grants
      .by(CONNECTOR_INDEX, key)
      .filter(({ metadata }) => session.removals.frozen.has(metadata.uid));
    return frozen.every(({ status }) => status?.planned?.hold === token);
  }

  /** A person answered the hold by annotation: accepted, its removals go ahead; discarded, they are dropped. */
  #answerHold(key: string, connector: AsanaConnector, session: ConnectorSession): void {
    const annotations = connector.metadata.annotations ?? {};
    const { hold } = session.removals.ledger;
    for (const annotation of [ACKNOWLEDGE_ANNOTATION, DISCARD_ANNOTATION]) {
      const token = annotations[annotation];
      if (token === undefined || session.answered.has(token)) continue;
      if (hold?.token === token && !this.#isRecorded(key, session, token)) continue;
      session.answered.add(token);
      if (hold?.token !== token) {
        const note = `${annotation} names no hold there is: see status.hold.token.`;
        this.#deps.events.record(asanaConnectors, connector, 'Warning', 'UnknownHold', note);
        continue;
      }
      if (hold.reason !== 'TooManyRemovals' && annotation === DISCARD_ANNOTATION) continue;
      session.removals.end(token);
      if (hold.reason !== 'TooManyRemovals') session.acceptSmaller();
      this.#deps.events.record(
        asanaConnectors,
        connector,
        'Normal',
        'HoldEnded',
        `The hold ${token} was answered by ${annotation}.`,
      );
      this.#deps.enqueueGrants(key);
    }
  }
}

function causeOf({ metadata }: AsanaConnector, secretVersion: string): SyncCause {
  return {
    generation: metadata.generation,
    requestedAt: metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? null,
    secretVersion,
  };
}

/** What the status of a process before this one says was answered already; null when somebody still waits. */
function settledBefore({
  metadata,
  status,
}: AsanaConnector): { generation: number; requestedAt: string | null } | null {
  const waiting =
    status?.conditions?.some(({ type, status: value }) => type === 'Reconciling' && value === 'True') ?? true;
  if (waiting || status?.sync?.completedAt === undefined) return null;
  const requestedAt = metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? null;
  const handled = status.lastHandledReconcileAt ?? null;
  return { generation: status.observedGeneration ?? 0, requestedAt: requestedAt === null ? null : handled };
}
