import { type Condition, findCondition } from '../../api/conditions.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import type { ReconcileContext, ReconcileResult } from '../../kubernetes/controller.ts';
import { keyOf, splitKey } from '../../kubernetes/resource.ts';
import { nextLook } from '../../provisioning/attempt.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { isAwaited } from '../../provisioning/grant-case.ts';
import type { RefusalCode } from '../../provisioning/refusal.ts';
import { discardedFields, type KeptRemoval, plannedStill, RemovalGate } from '../removals/removal-gate.ts';
import { confirmedBy } from './action-record.ts';
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
import type { GrantFindings } from './grant-status.ts';
import { untilNextInstant } from './grant-time.ts';
import { attemptAfter, openAttemptAction } from './open-attempt.ts';

/** Longer than an answer of the API server about what stands above a grant is remembered. */
const RETRY_FROM_ABOVE_MS = 3_000;
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
/** Reasons that are not so any more once the connector is merely waiting for its reading. */
const OF_THE_CONNECTOR: ReadonlySet<string> = new Set([
  'ConnectorNotFound',
  'ConnectorNotReady',
  'Suspended',
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
    if (stoppedUntil !== null) return { requeueAfterMs: stoppedUntil - this.#deps.clock.now() };
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
      log.debug('decided', { decision: decision.kind, reason: reasonOf(decision) });
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
    const object = this.#newest(found.object);
    return object ? { again: { ...progress, object, lookedUp: found.kind === 'LookedUp' } } : { result: {} };
  }

  /** All is as declared. In mode Apply the right is recorded, and with it the finalizer that takes it back. */
  async #settle(subject: GrantSubject, decision: Settled, progress: Progress): Promise<Next> {
    const { context, view } = subject;
    let { object } = subject;
    const { applied, reason, message } = decision;
    const acts = context.policies.mode === 'Apply';
    if (acts && applied) object = await this.#deps.writer(this.#kind).addFinalizer(object, REVOKE_FINALIZER);
    const found = acts && applied !== null && applied.adopted && applied.at === '' && view.applied === null;
    const findings = { ...confirmedBy(subject, decision), ...progress.done };
    const created =
      findings.created ?? (acts && applied ? (subject.inheritedCreation ?? undefined) : undefined);
    const written = await this.#report(object, {
      ...this.#seenBy(subject, decision),
      ...findings,
      created,
      outcome: {
        reason,
        message: reason === 'Removed' ? describeAbsence(message, findings, object) : message,
      },
      ...(acts && (applied || reason === 'Removed') ? { applied } : {}),
      removedGeneration: reason === 'Removed' && acts ? object.metadata.generation : undefined,
      planned: null,
    });
    this.#touchAfter(subject, findings);
    if (found)
      this.#reporter.tell(
        { kind: this.#kind, object: written },
        'Normal',
        'Adopted',
        `${message} It was found so and is kept so.`,
      );
    const next = this.#untilNextInstant(subject, written);
    // What was sent for something else may still come to show: its license is not anybody else's until then.
    const stillMs =
      isAwaited(view, context.now) && !findings.lastAction
        ? nextLook(context.now - (view.attempt?.at ?? 0))
        : null;
    if (stillMs !== null) return sooner(next, stillMs);
    this.#actions.forget(object.metadata.uid);
    return next;
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
    return afterMs === 0
      ? { again: { ...progress, object: written } }
      : { result: { requeueAfterMs: afterMs } };
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
      case 'Again': {
        const newest = this.#newest(object);
        return newest ? { again: { ...progress, object: newest } } : { result: {} };
      }
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

  /** What this reconcile wrote itself is in the store at once. Null for one of the same name, which begins anew. */
  #newest(object: GrantObject): GrantObject | null {
    const known = this.#deps.grants.of(this.#kind).get(keyOf(object));
    return known?.metadata.uid === object.metadata.uid ? known : null;
  }

  #seenBy({ context }: GrantSubject, { account, right, observed }: Decision): Partial<GrantFindings> {
    return { account, right, observed, reading: context.reading };
  }

  #report(object: GrantObject, findings: GrantFindings): Promise<GrantObject> {
    return this.#reporter.report({ kind: this.#kind, object }, findings);
  }

  #touchAfter({ connectorKey }: GrantSubject, { lastAction }: Partial<GrantFindings>): void {
    if (lastAction)
      this.#deps.touchConnector(connectorKey, lastAction.from === 'Enterprise' ? 'SeatFreed' : 'Counts');
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

function reasonOf(decision: Decision): string {
  switch (decision.kind) {
    case 'Act':
      return decision.action.type;
    case 'Blocked':
      return decision.code;
    case 'LookUp':
      return 'LookUp';
    case 'Settled':
    case 'Release':
      return decision.reason;
  }
}

function sooner({ result }: { readonly result: ReconcileResult }, afterMs: number | null): Next {
  const waits = [result.requeueAfterMs, afterMs].filter((wait) => typeof wait === 'number');
  return { result: waits.length === 0 ? {} : { requeueAfterMs: Math.max(1, Math.min(...waits)) } };
}

/** Before a reading, nothing is said anew to a grant whose status speaks of this generation, and is no less true than it was. */
function staysUntold({ object, context, obstructed, view }: GrantSubject, kept: KeptRemoval | null): boolean {
  const { status, metadata } = object;
  const ready: Condition | undefined = findCondition(status?.conditions, 'Ready');
  return (
    context.reading === null &&
    !obstructed &&
    view.ending?.because !== 'Deleted' &&
    status?.observedGeneration === metadata.generation &&
    ready !== undefined &&
    !OF_THE_CONNECTOR.has(ready.reason) &&
    !kept?.answer &&
    status.planned?.hold === kept?.planned.hold
  );
}

/** Whether there was an account from the start, or this object had it removed. */
function describeAbsence(
  message: string,
  { lastAction }: Partial<GrantFindings>,
  { status }: GrantObject,
): string {
  const last = lastAction ?? status?.lastAction;
  return last?.result === 'Succeeded' && last.to === undefined
    ? `${message} This object had it removed at ${last.at}.`
    : `${message} It was so from the start, by a look at Asana.`;
}
