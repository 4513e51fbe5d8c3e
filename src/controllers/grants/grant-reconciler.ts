import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../kubernetes/controller.ts';
import { splitKey } from '../../kubernetes/resource.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import { wordFor } from '../../provisioning/decision.ts';
import { plannedBefore } from '../removals/kept-removal.ts';
import { BegunAttempts } from './begun-attempts.ts';
import { judgeFromAbove } from './from-above.ts';
import { type GrantDeps, type GrantSubject, openSubject } from './grant-context.ts';
import { connectorKeyOf } from './grant-identity.ts';
import type { GrantKind } from './grant-kinds.ts';
import { GrantReleases } from './grant-releases.ts';
import { GrantReporter } from './grant-reporter.ts';
import { GrantSteps, type Progress } from './grant-steps.ts';
import { attemptAfter } from './open-attempt.ts';

/** How long to wait until a change in the API server or in Asana has settled. */
const LOOK_AGAIN_MS = 3_000;
/** How often to check whether a stop still applies: it may be lifted early, or never end by itself. */
const LOOK_AT_STOP_MS = 10_000;
/** The most decisions of one reconcile: a lookup, a creation, an upgrade, the result, and one that Asana overtook. */
const MOST_ROUNDS = 6;

/** Reconciles the grants of one kind: from the object to a decision to what is done about it. */
export class GrantReconciler {
  readonly #kind: GrantKind;
  readonly #deps: GrantDeps;
  readonly #begun = new BegunAttempts();
  readonly #reporter: GrantReporter;
  readonly #releases: GrantReleases;
  readonly #steps: GrantSteps;

  constructor(kind: GrantKind, deps: GrantDeps) {
    this.#kind = kind;
    this.#deps = deps;
    this.#reporter = new GrantReporter(deps, this.#begun);
    this.#releases = new GrantReleases(deps);
    this.#steps = new GrantSteps({
      deps,
      reporter: this.#reporter,
      releases: this.#releases,
      begun: this.#begun,
    });
  }

  /**
   * Forgets an object that is gone or no longer ours to decide, so that others do not wait for it, however long a
   * foreign finalizer keeps it.
   */
  forget(object: GrantObject): void {
    const { uid } = object.metadata;
    this.#deps.registry.find(connectorKeyOf(object))?.forgetGrant(uid);
    this.#steps.forget(uid);
  }

  async reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | void> {
    const object = this.#deps.grants.of(this.#kind).get(key);
    if (!object) return;
    try {
      return await this.#reconcile(key, object, context);
    } finally {
      // The object was deleted and forgotten meanwhile; forget what was recorded since, such as a removal at the desk.
      if (!this.#isThere(key, object)) this.forget(object);
    }
  }

  #isThere(key: string, { metadata }: GrantObject): boolean {
    return this.#deps.grants.of(this.#kind).get(key)?.metadata.uid === metadata.uid;
  }

  async #reconcile(
    key: string,
    object: GrantObject,
    { signal, log }: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    const { stoppedUntil } = this.#deps.leadership;
    // An uninstall removes finalizers and records, so nothing is written either.
    if (stoppedUntil !== null) {
      const leftMs = stoppedUntil - this.#deps.clock.now();
      return { requeueAfterMs: Math.min(Math.max(1, leftMs), LOOK_AT_STOP_MS) };
    }
    const deleted = object.metadata.deletionTimestamp !== undefined;
    if (deleted && (!hasFinalizer(object) || (await this.#releaseFromAbove(object))))
      return this.forget(object);
    let progress: Progress = { object, lookedUp: false, done: {} };
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      // If the object was deleted during a wait, it must not be recorded again, for example in a hold.
      if (!this.#isThere(key, object)) return;
      const subject = this.#open(progress);
      if (!subject) return this.#waitForTheConnector(progress.object);
      const decision = decideGrant(subject.view, subject.context);
      log.debug('decided', { decision: decision.kind, reason: wordFor(decision) });
      const next = await this.#steps.follow(subject, decision, progress, signal);
      if ('result' in next) return next.result;
      progress = next.again;
    }
    // Asana keeps changing: the grant is decided again later, in turn with the others.
    return { requeueAfterMs: LOOK_AGAIN_MS };
  }

  /** Releases a deleted grant whose namespace, CRD or connector goes too, or that is abandoned, without acting. */
  async #releaseFromAbove(object: GrantObject): Promise<boolean> {
    const cause = await judgeFromAbove(object, splitKey(connectorKeyOf(object)), this.#deps.cluster);
    if (!cause) return false;
    const warning = cause.reason !== 'Abandoned';
    await this.#releases.release({ kind: this.#kind, object }, { ...cause, warning });
    return true;
  }

  async #waitForTheConnector(object: GrantObject): Promise<ReconcileResult> {
    this.#steps.doubtSeat(object.metadata.uid);
    const deleted = object.metadata.deletionTimestamp !== undefined;
    const connectorKey = connectorKeyOf(object);
    const message = `AsanaConnector ${connectorKey} does not exist. Create it, or create a new grant that names the right one.`;
    const planned = object.status?.planned?.hold ? plannedBefore(object) : null;
    const outcome = { reason: 'ConnectorNotFound', message } as const;
    await this.#reporter.report({ kind: this.#kind, object }, { outcome, planned, keepsRequest: true });
    // The API server may have had the connector a moment ago; once it has none, a deleted grant is released.
    return deleted ? { requeueAfterMs: LOOK_AGAIN_MS } : {};
  }

  #open({ object, lookedUp, done }: Progress): GrantSubject | null {
    const connector = this.#deps.connectors.get(connectorKeyOf(object));
    if (!connector || connector.metadata.deletionTimestamp !== undefined) return null;
    const subject = openSubject(this.#deps, { kind: this.#kind, object }, connector, {
      lookedUp,
      now: this.#deps.clock.now(),
    });
    const { view } = subject;
    const { created, lastAction } = done;
    const attempt = lastAction
      ? attemptAfter(lastAction)
      : this.#begun.judge(object.metadata.uid, view.attempt);
    return { ...subject, view: { ...view, attempt, created: view.created || created !== undefined } };
  }
}

function hasFinalizer(object: GrantObject): boolean {
  return object.metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false;
}
