import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../kubernetes/controller.ts';
import { keyOf, splitKey } from '../../kubernetes/resource.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import { type Decision, wordFor } from '../../provisioning/decision.ts';
import type { RefusalCode } from '../../provisioning/refusal.ts';
import { discardedFields, type KeptRemoval, plannedStill, RemovalGate } from '../removals/removal-gate.ts';
import { BegunAttempts } from './begun-attempts.ts';
import { judgeFromAbove } from './from-above.ts';
import { GrantActions } from './grant-actions.ts';
import { type GrantDeps, type GrantSubject, openSubject } from './grant-context.ts';
import { GrantEndings } from './grant-endings.ts';
import { connectorKeyOf } from './grant-identity.ts';
import type { GrantKind } from './grant-kinds.ts';
import { GrantLookups } from './grant-lookups.ts';
import { reasonOfRefusal } from './grant-reasons.ts';
import { GrantReleases } from './grant-releases.ts';
import { GrantReporter } from './grant-reporter.ts';
import { GrantSettlements } from './grant-settlements.ts';
import type { GrantFindings } from './grant-status.ts';
import { untilNextInstant } from './grant-time.ts';
import { attemptAfter, openAttemptAction } from './open-attempt.ts';
import { staysUntold } from './untold.ts';

/** Longer than an answer of the API server about what stands above a grant is remembered. */
const RETRY_FROM_ABOVE_MS = 3_000;
/** A stop may be taken off early, or never end by itself: how often it is looked whether it still stands. */
const LOOK_AT_STOP_MS = 10_000;
/** A look, a creation, an upgrade, and the word on it; one more that Asana overtook. */
const MOST_ROUNDS = 6;
/** What a request asks for is not done where nothing could be decided: it stays open until then. */
const UNDECIDED: ReadonlySet<RefusalCode> = new Set([
  'NotReady',
  'Suspended',
  'UnderWay',
  'ReadingIncomplete',
  'ReadingHeld',
]);
type Settled = Extract<Decision, { kind: 'Settled' }>;
type Blocked = Extract<Decision, { kind: 'Blocked' }>;
type Act = Extract<Decision, { kind: 'Act' }>;

/** What a reconcile has learnt on its way; the next decision and the next status go by it. */
interface Progress {
  readonly object: GrantObject;
  /** The person was looked up by themselves. */
  readonly lookedUp: boolean;
  /** What was done, for the status. */
  readonly done: Partial<GrantFindings>;
}

/** What a step of a reconcile comes to: the end of it, or another decision on what was learnt. */
type Next = { readonly result: ReconcileResult } | { readonly again: Progress };

/** Setting the grants of one kind right: from an object to a decision to what is done about it. */
export class GrantReconciler {
  readonly #kind: GrantKind;
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #begun = new BegunAttempts();
  readonly #reporter: GrantReporter;
  readonly #actions: GrantActions;
  readonly #releases: GrantReleases;
  readonly #endings: GrantEndings;
  readonly #lookups: GrantLookups;
  readonly #settlements: GrantSettlements;

  constructor(kind: GrantKind, deps: GrantDeps) {
    this.#kind = kind;
    this.#deps = deps;
    this.#gate = new RemovalGate(deps);
    const reporter = new GrantReporter(deps, this.#begun);
    const actions = new GrantActions(deps, this.#gate, reporter, this.#begun);
    const releases = new GrantReleases(deps);
    this.#reporter = reporter;
    this.#actions = actions;
    this.#releases = releases;
    this.#endings = new GrantEndings({ deps, reporter, releases, actions });
    this.#lookups = new GrantLookups(deps, this.#gate, reporter);
    this.#settlements = new GrantSettlements(deps, reporter, actions);
  }

  get kind(): GrantKind {
    return this.#kind;
  }

  /** An object is gone: whatever was remembered of it goes too. */
  forget(uid: string): void {
    this.#gate.forget(uid);
    this.#actions.forget(uid);
  }

  async reconcile(key: string, { signal, log }: ReconcileContext): Promise<ReconcileResult | void> {
    const object = this.#deps.grants.of(this.#kind).get(key);
    if (!object) return;
    const { stoppedUntil } = this.#deps.leadership;
    // Whoever uninstalls removes finalizers and records: nothing is written, either.
    if (stoppedUntil !== null) {
      const leftMs = stoppedUntil - this.#deps.clock.now();
      return { requeueAfterMs: Math.min(Math.max(1, leftMs), LOOK_AT_STOP_MS) };
    }
    const deleted = object.metadata.deletionTimestamp !== undefined;
    if (deleted && (!hasFinalizer(object) || (await this.#releaseFromAbove(object))))
      return this.#leave(object);
    let progress: Progress = { object, lookedUp: false, done: {} };
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      // Gone while something was waited for: what was forgotten of it must not be remembered again, in a hold for one.
      if (this.#deps.grants.of(this.#kind).get(key)?.metadata.uid !== object.metadata.uid) return;
      const subject = this.#open(progress);
      if (!subject) return this.#waitForTheConnector(progress.object);
      const decision = decideGrant(subject.view, subject.context);
      log.debug('decided', { decision: decision.kind, reason: wordFor(decision) });
      const next = await this.#follow(subject, decision, progress, signal);
      if ('result' in next) return next.result;
      progress = next.again;
    }
    // What keeps changing in Asana is looked at again with everything else.
    return { requeueAfterMs: RETRY_FROM_ABOVE_MS };
  }

  /** Deleting a namespace, the CRDs, the connector or the release takes nothing from anybody. */
  async #releaseFromAbove(object: GrantObject): Promise<boolean> {
    const cause = await judgeFromAbove(object, splitKey(connectorKeyOf(object)), this.#deps.cluster);
    if (!cause) return false;
    const warning = cause.reason !== 'Abandoned';
    await this.#releases.release({ kind: this.#kind, object }, { ...cause, warning });
    return true;
  }

  /** It is not ours to decide any more, and others do not wait for it, however long somebody else keeps the object. */
  #leave(object: GrantObject): void {
    const { uid } = object.metadata;
    this.#deps.registry.find(connectorKeyOf(object))?.forgetGrant(uid);
    this.forget(uid);
  }

  async #waitForTheConnector(object: GrantObject): Promise<ReconcileResult> {
    const deleted = object.metadata.deletionTimestamp !== undefined;
    const connectorKey = connectorKeyOf(object);
    const message = `There is no AsanaConnector ${connectorKey}: create it, or name the right one in a new grant.`;
    const planned = object.status?.planned?.hold ? object.status.planned : null;
    const outcome = { reason: 'ConnectorNotFound', message } as const;
    await this.#report(object, { outcome, planned, keepsRequest: true });
    // The API server may still have had a connector a moment ago; without one a deleted grant goes.
    return deleted ? { requeueAfterMs: RETRY_FROM_ABOVE_MS } : {};
  }

  #open({ object, lookedUp, done }: Progress): GrantSubject | null {
    const connector = this.#deps.connectors.get(connectorKeyOf(object));
    if (!connector || connector.metadata.deletionTimestamp !== undefined) return null;
    const subject = openSubject(this.#deps, { kind: this.#kind, object }, connector, lookedUp);
    const { view } = subject;
    const { created, lastAction } = done;
    const attempt = lastAction
      ? attemptAfter(lastAction)
      : this.#begun.judge(object.metadata.uid, view.attempt);
    return { ...subject, view: { ...view, attempt, created: view.created || created !== undefined } };
  }

  async #follow(
    subject: GrantSubject,
    decision: Decision,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    if (decision.kind === 'LookUp') return this.#lookUp(subject, decision, progress, signal);
    const kept = this.#gate.note(subject, decision);
    this.#noteDecision(subject, decision);
    switch (decision.kind) {
      case 'Settled':
        return this.#settle(subject, decision, progress);
      case 'Blocked':
        return this.#block(subject, { decision, kept }, progress, signal);
      case 'Release':
        await this.#endings.release(subject, decision, progress.done);
        return { result: {} };
      case 'Act':
        return subject.context.policies.mode === 'Plan'
          ? this.#plan(subject, { decision, kept }, progress)
          : this.#act(subject, decision, progress, signal);
    }
  }

  /** Where the connector stops all decisions nobody knows what a grant will want once it goes on. */
  #noteDecision({ session, object, context, view }: GrantSubject, decision: Decision): void {
    const { uid } = object.metadata;
    const stopped = context.policies.mode === 'Plan' || context.policies.suspended;
    const unknown = decision.kind === 'Blocked' && decision.code === 'NotReady';
    if (unknown || (stopped && !view.suspended)) session?.noteUndecided(uid);
    else session?.noteDecided(uid);
  }

  /** Nothing follows from somebody's absence in a listing alone. */
  async #lookUp(
    subject: GrantSubject,
    { right }: Decision,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    const found = await this.#lookups.lookUp(subject, right, signal);
    if (found.kind === 'Failed') return this.#untilNextInstant(subject, found.object);
    return this.#decideAnew(found.object, { ...progress, lookedUp: found.kind === 'LookedUp' });
  }

  async #settle(subject: GrantSubject, decision: Settled, { done }: Progress): Promise<Next> {
    const { written, stillMs } = await this.#settlements.settle(subject, decision, done);
    return sooner(this.#untilNextInstant(subject, written), stillMs);
  }

  /** Nothing can or may be done. Without a reading a status that speaks of this generation stays as it is. */
  async #block(
    subject: GrantSubject,
    { decision, kept }: { readonly decision: Blocked; readonly kept: KeptRemoval | null },
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    const { object, view } = subject;
    if (decision.code === 'NotReady' && staysUntold(subject, kept))
      return this.#untilNextInstant(subject, object);
    if (kept?.answer === 'discard' && view.ending?.because === 'Deleted' && decision.code !== 'Suspended') {
      await this.#endings.letGo(subject);
      return { result: {} };
    }
    const unseen = decision.account === undefined;
    const written = await this.#report(object, {
      ...this.#seenBy(subject, decision),
      ...progress.done,
      outcome: {
        reason: reasonOfRefusal[decision.code],
        message: decision.message,
        drifted: decision.drift ? decision.message : null,
        // What waits for what can return comes again by itself, however its reason usually stands.
        retrying: view.ending?.because === 'Deleted',
      },
      planned: kept ? plannedStill(object, kept) : unseen ? (object.status?.planned ?? null) : null,
      ...discardedFields(object, kept),
      keepsRequest: UNDECIDED.has(decision.code),
    });
    if (kept?.answer) return { again: { ...progress, object: written } };
    if (decision.code !== 'UnderWay') return this.#untilNextInstant(subject, written);
    const seen = { ...subject, object: written };
    const afterMs = await this.#actions.lookForAttempt(seen, openAttemptAction(seen), signal);
    return afterMs === 0 ? this.#decideAnew(written, progress) : { result: { requeueAfterMs: afterMs } };
  }

  async #plan(
    subject: GrantSubject,
    { decision, kept }: { readonly decision: Act; readonly kept: KeptRemoval | null },
    progress: Progress,
  ): Promise<Next> {
    const { action, message, drift } = decision;
    const written = await this.#report(subject.object, {
      ...this.#seenBy(subject, decision),
      outcome: { reason: 'Planned', message: `Planned: ${message}`, drifted: drift ? message : null },
      planned: { action: action.type, reason: message, ...kept?.planned },
      ...discardedFields(subject.object, kept),
    });
    if (kept?.answer) return { again: { ...progress, object: written } };
    return this.#untilNextInstant(subject, written);
  }

  async #act(subject: GrantSubject, decision: Act, progress: Progress, signal: AbortSignal): Promise<Next> {
    const { object, session, view } = subject;
    const result = await this.#actions.carryOut(subject, decision, progress.done, signal);
    switch (result.kind) {
      case 'Wait':
        return sooner(this.#untilNextInstant(subject, object), result.afterMs);
      case 'Again':
        return this.#decideAnew(object, progress);
      case 'Discarded':
        await this.#endings.discard(subject, decision, result.planned);
        return { result: {} };
      case 'Done': {
        const done = { ...progress.done, ...result.done };
        if (view.ending) {
          await this.#endings.conclude({ ...subject, object: result.object }, done, result.message);
          return { result: {} };
        }
        session?.desk.carriedOut(object.metadata.uid);
        return { again: { object: result.object, lookedUp: true, done } };
      }
    }
  }

  /** What this reconcile wrote itself is in the store at once. One of the same name begins with a reconcile of its own. */
  #decideAnew(object: GrantObject, progress: Progress): Next {
    const known = this.#deps.grants.of(this.#kind).get(keyOf(object));
    return known?.metadata.uid === object.metadata.uid
      ? { again: { ...progress, object: known } }
      : { result: {} };
  }

  #seenBy({ context }: GrantSubject, { account, right, observed }: Decision): Partial<GrantFindings> {
    return { account, right, observed, reading: context.reading };
  }

  #report(object: GrantObject, findings: GrantFindings): Promise<GrantObject> {
    return this.#reporter.report({ kind: this.#kind, object }, findings);
  }

  /** Comes again when time changes what is to be done, even if that has passed since the grant was decided. */
  #untilNextInstant({ view }: GrantSubject, object: GrantObject): { readonly result: ReconcileResult } {
    const wait = view.ending ? null : untilNextInstant(object, this.#deps.clock.now());
    return { result: wait === null ? {} : { requeueAfterMs: wait } };
  }
}

function hasFinalizer(object: GrantObject): boolean {
  return object.metadata.finalizers?.includes(REVOKE_FINALIZER) ?? false;
}

function sooner({ result }: { readonly result: ReconcileResult }, afterMs: number | null): Next {
  const waits = [result.requeueAfterMs, afterMs].filter((wait) => typeof wait === 'number');
  return { result: waits.length === 0 ? {} : { requeueAfterMs: Math.max(1, Math.min(...waits)) } };
}
