import { durationMs } from '../../api/duration.ts';
import type { GrantObject } from '../../api/kinds.ts';
import type { ReconcileResult } from '../../kubernetes/controller.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { type RefusalCode, unlearnt } from '../../provisioning/refusal.ts';
import { discardedFields, type KeptRemoval, plannedBefore, plannedStill } from '../removals/kept-removal.ts';
import { RemovalGate } from '../removals/removal-gate.ts';
import type { BegunAttempts } from './begun-attempts.ts';
import { GrantActions } from './grant-actions.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import { GrantEndings } from './grant-endings.ts';
import { GrantLookups } from './grant-lookups.ts';
import { reasonOfRefusal } from './grant-reasons.ts';
import type { GrantReleases } from './grant-releases.ts';
import type { GrantReporter } from './grant-reporter.ts';
import { GrantSettlements } from './grant-settlements.ts';
import type { GrantFindings } from './grant-status.ts';
import { untilNextInstant } from './grant-time.ts';
import { openAttemptAction } from './open-attempt.ts';
import { staysUntold } from './untold.ts';

/** Refusals that leave a grant undecided: a request stays unanswered, and a plan stays planned. */
const UNDECIDED: ReadonlySet<RefusalCode> = new Set([...unlearnt, 'Suspended', 'UnderWay']);

/** Objects that are deleted together have all been deleted within this time. */
const TOGETHER_MS = 10_000;

type Settled = Extract<Decision, { kind: 'Settled' }>;
type Blocked = Extract<Decision, { kind: 'Blocked' }>;
type Act = Extract<Decision, { kind: 'Act' }>;

/** What a reconcile has learned so far, for the next decision and the next status. */
export interface Progress {
  readonly object: GrantObject;
  /** True if the person was looked up individually. */
  readonly lookedUp: boolean;
  /** What was done, for the status. */
  readonly done: Partial<GrantFindings>;
}

const NOTHING_DONE = { lookedUp: false, done: {} } as const;

/** The result of a step: the reconcile ends, or the grant is decided again on what was learned. */
export type Next = { readonly result: ReconcileResult } | { readonly again: Progress };

interface StepParts {
  readonly deps: GrantDeps;
  readonly reporter: GrantReporter;
  readonly releases: GrantReleases;
  readonly begun: BegunAttempts;
}

/** Carries out each kind of decision on a grant as one step of a reconcile. */
export class GrantSteps {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #actions: GrantActions;
  readonly #endings: GrantEndings;
  readonly #lookups: GrantLookups;
  readonly #settlements: GrantSettlements;

  constructor({ deps, reporter, releases, begun }: StepParts) {
    const gate = new RemovalGate(deps);
    const actions = new GrantActions(deps, gate, reporter, begun);
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
    this.#actions = actions;
    this.#endings = new GrantEndings({ deps, reporter, releases, actions });
    this.#lookups = new GrantLookups(deps, gate, reporter);
    this.#settlements = new GrantSettlements(deps, reporter, actions);
  }

  /** Marks the seat of a grant without a connector as in doubt: what is in progress cannot be checked. */
  doubtSeat(uid: string): void {
    this.#actions.doubtSeat(uid);
  }

  /** Forgets everything about an object that is gone. */
  forget(uid: string): void {
    this.#gate.forget(uid);
    this.#actions.abandon(uid);
  }

  /**
   * Carries out a decision.
   * @throws errors that the queue has to retry
   */
  async follow(
    subject: GrantSubject,
    decision: Decision,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    if (decision.kind === 'LookUp') return this.#lookUp(subject, decision, progress, signal);
    const deferred = deferRelease(subject, decision, this.#deps.clock.now());
    if (deferred) {
      const next = await this.follow(subject, deferred.decision, progress, signal);
      return 'again' in next ? next : sooner(next, deferred.waitMs);
    }
    const kept = this.#gate.note(subject, decision);
    this.#noteDecision(subject, decision);
    switch (decision.kind) {
      case 'Settled':
        return this.#settlements.isToBeLookedAt(subject, decision) && !progress.lookedUp
          ? this.#lookUp(subject, decision, progress, signal)
          : this.#settle(subject, decision, progress);
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

  /** Records whether the grant was decided. While its connector stops decisions, what it will want is unknown. */
  #noteDecision(subject: GrantSubject, decision: Decision): void {
    const { session, object, context, view } = subject;
    const { uid } = object.metadata;
    const isPlanned = decision.kind === 'Act' && context.policies.mode === 'Plan';
    this.#actions.noteSeat(subject, isPlanned || decision.kind === 'Blocked');
    const stopped = context.policies.mode === 'Plan' || context.policies.suspended;
    const unknown = decision.kind === 'Blocked' && decision.code === 'NotReady';
    if (unknown || (stopped && !view.suspended)) session?.noteUndecided(uid);
    else session?.noteDecided(uid);
  }

  /** Looks up the person individually: absence from a listing alone has no consequences. */
  async #lookUp(
    subject: GrantSubject,
    { right }: Decision,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    const found = await this.#lookups.lookUp(subject, right, signal);
    if (found.kind === 'Failed') return this.#untilNextInstant(subject, found.object);
    return this.#decideAnew(subject, found.object, { ...progress, lookedUp: found.kind === 'LookedUp' });
  }

  async #settle(subject: GrantSubject, decision: Settled, { done }: Progress): Promise<Next> {
    const { written, stillMs } = await this.#settlements.settle(subject, decision, done);
    return sooner(this.#untilNextInstant(subject, written), stillMs);
  }

  /** Reports why nothing can or may be done. */
  async #block(
    subject: GrantSubject,
    { decision, kept }: { readonly decision: Blocked; readonly kept: KeptRemoval | null },
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    const { object, view } = subject;
    if (staysUntold(subject, decision, kept)) return this.#untilNextInstant(subject, object);
    if (kept?.answer === 'discard' && view.ending?.because === 'Deleted' && decision.code !== 'Suspended') {
      await this.#endings.letGo(subject);
      return { result: {} };
    }
    const undecided = UNDECIDED.has(decision.code);
    const written = await this.#report(subject, {
      ...this.#seenBy(subject, decision),
      ...progress.done,
      outcome: {
        reason: reasonOfRefusal[decision.code],
        message: decision.message,
        drifted: decision.drift ? decision.message : null,
        // A deleted grant is retried by itself, even if its reason usually requires a person.
        retrying: view.ending?.because === 'Deleted',
      },
      planned: kept ? plannedStill(object, kept) : isPlanKept(decision) ? plannedBefore(object) : null,
      ...discardedFields(object, kept),
      keepsRequest: undecided,
    });
    if (kept?.answer) return { again: { ...progress, object: written } };
    if (decision.code !== 'UnderWay') return this.#untilNextInstant(subject, written);
    const seen = { ...subject, object: written };
    const afterMs = await this.#actions.lookForAttempt(seen, openAttemptAction(seen), signal);
    return afterMs === 0
      ? this.#decideAnew(subject, written, progress)
      : { result: { requeueAfterMs: afterMs } };
  }

  async #plan(
    subject: GrantSubject,
    { decision, kept }: { readonly decision: Act; readonly kept: KeptRemoval | null },
    progress: Progress,
  ): Promise<Next> {
    const { action, message, drift } = decision;
    const written = await this.#report(subject, {
      ...this.#seenBy(subject, decision),
      ...progress.done,
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
        return this.#decideAnew(subject, object, progress);
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

  /** Decides the grant again with what this reconcile wrote to the store. A new namesake gets its own reconcile. */
  #decideAnew({ kind }: GrantSubject, object: GrantObject, progress: Progress): Next {
    const known = this.#deps.grants.of(kind).get(keyOf(object));
    return known?.metadata.uid === object.metadata.uid
      ? { again: { ...(isSuperseded(progress, known) ? NOTHING_DONE : progress), object: known } }
      : { result: {} };
  }

  #seenBy({ context }: GrantSubject, { account, right, observed }: Decision): Partial<GrantFindings> {
    return { account, right, observed, reading: context.reading };
  }

  #report({ kind, object }: GrantSubject, findings: GrantFindings): Promise<GrantObject> {
    return this.#reporter.report({ kind, object }, findings);
  }

  /** Requeues the grant for the next time that matters, even if it has passed since the decision. */
  #untilNextInstant({ view }: GrantSubject, object: GrantObject): { readonly result: ReconcileResult } {
    const wait = view.ending ? null : untilNextInstant(object, this.#deps.clock.now());
    return { result: wait === null ? {} : { requeueAfterMs: wait } };
  }
}

/** Whether to keep the plan because nothing was decided. A change sent before an edit or an end is no longer a plan. */
function isPlanKept({ code }: Blocked): boolean {
  return UNDECIDED.has(code) && code !== 'UnderWay';
}

/**
 * Defers the release of a deleted grant because of what another object declares: objects that are deleted together
 * arrive one by one. It waits no longer than a removal would. `null` if there is nothing to wait for.
 */
function deferRelease(
  { view, connector }: GrantSubject,
  decision: Decision,
  now: number,
): { readonly decision: Blocked; readonly waitMs: number } | null {
  if (decision.kind !== 'Release' || decision.reason !== 'StillDeclared') return null;
  if (view.ending?.because !== 'Deleted') return null;
  const delayMs = Math.min(durationMs(connector.spec.provisioning.removalDelay), TOGETHER_MS);
  const waitMs = view.ending.at + delayMs - now;
  const { account, right, observed, message } = decision;
  const seen = { account, right, observed, message };
  return waitMs <= 0
    ? null
    : { decision: { kind: 'Blocked', code: 'StillDeclared', drift: false, ...seen }, waitMs };
}

/**
 * Whether progress is outdated: the intent of the next action recorded what was done before it, and reporting that
 * again would overwrite the intent. An earlier lookup is outdated too.
 */
function isSuperseded({ done: { lastAction } }: Progress, { status }: GrantObject): boolean {
  return lastAction !== undefined && status?.lastAction?.id !== lastAction.id;
}

function sooner({ result }: { readonly result: ReconcileResult }, afterMs: number | null): Next {
  const waits = [result.requeueAfterMs, afterMs].filter((wait) => typeof wait === 'number');
  return { result: waits.length === 0 ? {} : { requeueAfterMs: Math.max(1, Math.min(...waits)) } };
}
