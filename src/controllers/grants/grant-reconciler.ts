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

/** Long enough for what the API server or Asana was just changing to be settled. */
const LOOK_AGAIN_MS = 3_000;
/** A stop may be taken off early, or never end by itself: how often it is looked whether it still stands. */
const LOOK_AT_STOP_MS = 10_000;
/** A look, a creation, an upgrade, and the word on it; one more that Asana overtook. */
const MOST_ROUNDS = 6;

/** Setting the grants of one kind right: from an object to a decision to what is done about it. */
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
   * An object is gone, or not ours to decide any more: whatever was remembered of it goes too, and others do not wait for
   * it, however long somebody else keeps it.
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
      // It went meanwhile, and was forgotten; what was remembered of it since, a removal at the desk for one, goes too.
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
    // Whoever uninstalls removes finalizers and records: nothing is written, either.
    if (stoppedUntil !== null) {
      const leftMs = stoppedUntil - this.#deps.clock.now();
      return { requeueAfterMs: Math.min(Math.max(1, leftMs), LOOK_AT_STOP_MS) };
    }
    const deleted = object.metadata.deletionTimestamp !== undefined;
    if (deleted && (!hasFinalizer(object) || (await this.#releaseFromAbove(object))))
      return this.forget(object);
    let progress: Progress = { object, lookedUp: false, done: {} };
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      // Gone while something was waited for: what was forgotten of it must not be remembered again, in a hold for one.
      if (!this.#isThere(key, object)) return;
      const subject = this.#open(progress);
      if (!subject) return this.#waitForTheConnector(progress.object);
      const decision = decideGrant(subject.view, subject.context);
      log.debug('decided', { decision: decision.kind, reason: wordFor(decision) });
      const next = await this.#steps.follow(subject, decision, progress, signal);
      if ('result' in next) return next.result;
      progress = next.again;
    }
    // What keeps changing in Asana is looked at again with everything else.
    return { requeueAfterMs: LOOK_AGAIN_MS };
  }

  /** Deleting a namespace, the CRDs, the connector or the release takes nothing from anybody. */
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
    // The API server may still have had a connector a moment ago; without one a deleted grant goes.
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
