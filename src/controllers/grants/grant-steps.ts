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

/** Where nothing could be decided, what a request asks for is not done, and what was planned still is. */
const UNDECIDED: ReadonlySet<RefusalCode> = new Set([...unlearnt, 'Suspended', 'UnderWay']);

/** Whoever deletes several objects at once has them all deleted within this time. */
const TOGETHER_MS = 10_000;

type Settled = Extract<Decision, { kind: 'Settled' }>;
type Blocked = Extract<Decision, { kind: 'Blocked' }>;
type Act = Extract<Decision, { kind: 'Act' }>;

/** What a reconcile has learnt on its way; the next decision and the next status go by it. */
export interface Progress {
  readonly object: GrantObject;
  /** The person was looked up by themselves. */
  readonly lookedUp: boolean;
  /** What was done, for the status. */
  readonly done: Partial<GrantFindings>;
}

const NOTHING_DONE = { lookedUp: false, done: {} } as const;

/** What a step of a reconcile comes to: the end of it, or another decision on what was learnt. */
export type Next = { readonly result: ReconcileResult } | { readonly again: Progress };

interface StepParts {
  readonly deps: GrantDeps;
  readonly reporter: GrantReporter;
  readonly releases: GrantReleases;
  readonly begun: BegunAttempts;
}

/** What is done at each kind of decision on a grant; each is one step of a reconcile. */
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

  /** The connector is gone: nobody can look for what is under way. */
  doubtSeat(uid: string): void {
    this.#actions.doubtSeat(uid);
  }

  /** An object is gone: whatever was remembered of it goes too. */
  forget(uid: string): void {
    this.#gate.forget(uid);
    this.#actions.abandon(uid);
  }

  /**
   * Does what follows from a decision.
   * @throws whatever the queue is to come back for
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

  /** Where the connector stops all decisions nobody knows what a grant will want once it goes on. */
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

  /** Nothing follows from somebody's absence in a listing alone. */
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

  /** Nothing can or may be done. */
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
        // What waits for what can return comes again by itself, however its reason usually stands.
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

  /** What this reconcile wrote itself is in the store at once. One of the same name begins with a reconcile of its own. */
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

  /** Comes again when time changes what is to be done, even if that has passed since the grant was decided. */
  #untilNextInstant({ view }: GrantSubject, object: GrantObject): { readonly result: ReconcileResult } {
    const wait = view.ending ? null : untilNextInstant(object, this.#deps.clock.now());
    return { result: wait === null ? {} : { requeueAfterMs: wait } };
  }
}

/** Where nothing could be decided; what was sent for before an edit or an end is no plan any more. */
function isPlanKept({ code }: Blocked): boolean {
  return UNDECIDED.has(code) && code !== 'UnderWay';
}

/**
 * A deleted grant is not released at once because of what another object declares: objects that are deleted together arrive one
 * by one. It waits for them, but never longer than a removal would. Null where it waits for nothing.
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
 * The intent of the next action has put on record what was done before it: said once more, that would take its place. What was
 * looked up before it is old.
 */
function isSuperseded({ done: { lastAction } }: Progress, { status }: GrantObject): boolean {
  return lastAction !== undefined && status?.lastAction?.id !== lastAction.id;
}

function sooner({ result }: { readonly result: ReconcileResult }, afterMs: number | null): Next {
  const waits = [result.requeueAfterMs, afterMs].filter((wait) => typeof wait === 'number');
  return { result: waits.length === 0 ? {} : { requeueAfterMs: Math.max(1, Math.min(...waits)) } };
}
