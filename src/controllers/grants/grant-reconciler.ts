import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { withTimeLimit } from '../../core/time-limit.ts';
import { refresh } from '../../directory/reader.ts';
import type { ReconcileContext, ReconcileResult } from '../../kubernetes/controller.ts';
import { splitKey } from '../../kubernetes/resource.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import { subjectOfRight } from '../../provisioning/decide-task.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { isSameRight } from '../../provisioning/right.ts';
import { RemovalGate } from '../removals/removal-gate.ts';
import { GrantActions } from './grant-actions.ts';
import { judgeFromAbove } from './from-above.ts';
import { type GrantDeps, type GrantSubject, openSubject } from './grant-context.ts';
import { connectorKeyOf } from './grant-identity.ts';
import type { GrantKind } from './grant-kinds.ts';
import { reasonOfRefusal } from './grant-reasons.ts';
import { GrantReleases } from './grant-releases.ts';
import { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { untilNextInstant } from './grant-time.ts';
import { attemptAfter, openAttemptAction } from './open-attempt.ts';

/** Longer than an answer of the API server about what stands above a grant is remembered. */
const RETRY_FROM_ABOVE_MS = 3_000;
/** How often it is looked whether a stop still stands. */
const LOOK_AT_STOP_MS = 10_000;
/** A look, a creation, an upgrade, and the word on it; one more that Asana overtook. */
const MOST_ROUNDS = 6;

type Settled = Extract<Decision, { kind: 'Settled' }>;
type Blocked = Extract<Decision, { kind: 'Blocked' }>;
type Release = Extract<Decision, { kind: 'Release' }>;
type Act = Extract<Decision, { kind: 'Act' }>;

/** What a reconcile has learnt on its way; the next decision and the next status go by it. */
interface Progress {
  readonly object: GrantObject;
  /** The person was looked up by themselves. */
  readonly lookedUp: boolean;
  /** What was done, for the status. */
  readonly done: Partial<GrantFindings>;
  /** What was done, in words. */
  readonly message: string | null;
}

/** What a step of a reconcile comes to: the end of it, or another decision on what was learnt. */
type Next = { readonly result: ReconcileResult } | { readonly again: Progress };

/** Setting the grants of one kind right: from an object to a decision to what is done about it. */
export class GrantReconciler {
  readonly #kind: GrantKind;
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #actions: GrantActions;
  readonly #releases: GrantReleases;

  constructor(kind: GrantKind, deps: GrantDeps) {
    this.#kind = kind;
    this.#deps = deps;
    this.#gate = new RemovalGate(deps);
    this.#reporter = new GrantReporter(deps);
    this.#actions = new GrantActions(deps, this.#gate, this.#reporter);
    this.#releases = new GrantReleases(deps);
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
    const deleted = object.metadata.deletionTimestamp !== undefined;
    if (deleted && !hasFinalizer(object)) return;
    if (deleted && (await this.#releaseFromAbove(object))) return;
    const stoppedForMs = this.#stoppedForMs();
    if (stoppedForMs !== null) return { requeueAfterMs: stoppedForMs };
    let progress: Progress = { object, lookedUp: false, done: {}, message: null };
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
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

  /**
   * While the release is being uninstalled no grant is taken up: what `release --all` lets go must not be adopted
   * again. The stop may be taken off early, so it is looked at again before it ends.
   */
  #stoppedForMs(): number | null {
    const { leadership, clock } = this.#deps;
    const { stoppedUntil } = leadership;
    return stoppedUntil === null ? null : Math.min(Math.max(1, stoppedUntil - clock.now()), LOOK_AT_STOP_MS);
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
    const connectorKey = connectorKeyOf(object);
    const message = `There is no AsanaConnector ${connectorKey}: create it, or name the right one in a new grant.`;
    const planned = object.status?.planned?.hold ? object.status.planned : null;
    await this.#report(object, { outcome: { reason: 'ConnectorNotFound', message }, planned });
    // The API server may still have had a connector a moment ago; without one a deleted grant goes.
    return object.metadata.deletionTimestamp === undefined ? {} : { requeueAfterMs: RETRY_FROM_ABOVE_MS };
  }

  #open({ object, lookedUp, done }: Progress): GrantSubject | null {
    const connector = this.#deps.connectors.get(connectorKeyOf(object));
    if (!connector || connector.metadata.deletionTimestamp !== undefined) return null;
    const subject = openSubject(this.#deps, { kind: this.#kind, object }, connector, lookedUp);
    const { created, lastAction } = done;
    if (!lastAction) return subject;
    const attempt = attemptAfter(lastAction);
    return { ...subject, view: { ...subject.view, attempt, created: subject.view.created || created !== undefined } };
  }

  async #follow(
    subject: GrantSubject,
    decision: Decision,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    if (decision.kind === 'LookUp') return this.#lookUp(subject, decision, progress, signal);
    const held = this.#gate.note(subject, decision);
    if (subject.context.reading) subject.session?.noteDecided(subject.object.metadata.uid);
    switch (decision.kind) {
      case 'Settled':
        return this.#settle(subject, decision, progress);
      case 'Blocked':
        return this.#block(subject, decision, progress, signal);
      case 'Release':
        return this.#release(subject, decision, progress);
      case 'Act':
        return subject.context.policies.mode === 'Plan'
          ? this.#plan(subject, decision, held)
          : this.#act(subject, decision, progress, signal);
    }
  }

  /** Nothing follows from somebody's absence in a listing alone. */
  async #lookUp(
    { session, context, connector, view }: GrantSubject,
    { right }: Decision,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    const { clock, actionTimeoutMs: ms } = this.#deps;
    const person = { gid: view.recorded?.gid ?? view.user.gid, email: view.user.email };
    const subject = right && context.reading && subjectOfRight(right, context.reading, person);
    const asana = session?.asana;
    if (session && asana && subject) {
      await withTimeLimit({ clock, ms, signal }, (limited) =>
        refresh(asana, session.directory, subject, {
          membership: true,
          userTypes: connector.spec.scim.userTypes,
          priority: 'read',
          signal: limited,
        }),
      );
    }
    return { again: { ...progress, lookedUp: true } };
  }

  /** All is as declared. In mode Apply the right is recorded, and with it the finalizer that takes it back. */
  async #settle(subject: GrantSubject, decision: Settled, progress: Progress): Promise<Next> {
    const { context } = subject;
    let { object } = subject;
    const { applied, reason, message } = decision;
    const acts = context.policies.mode === 'Apply';
    if (acts && applied) object = await this.#deps.writer(this.#kind).addFinalizer(object, REVOKE_FINALIZER);
    const fresh = acts && applied !== null && !keepsApplied(subject, applied);
    const removed = reason === 'Removed' && acts ? object.metadata.generation : undefined;
    const written = await this.#report(object, {
      ...this.#seenBy(subject, decision),
      ...progress.done,
      ...confirmed(subject, decision, progress),
      outcome: { reason, message: progress.message ?? message },
      ...(acts && applied ? { applied } : removed === undefined ? {} : { applied: null }),
      removedGeneration: removed,
      planned: null,
    });
    this.#actions.forget(object.metadata.uid);
    this.#touchAfter(subject, progress);
    if (fresh && applied.adopted && applied.at === '' && !subject.view.applied)
      this.#reporter.tell(
        { kind: this.#kind, object: written },
        'Normal',
        'Adopted',
        `${message} It was found so and is kept so.`,
      );
    return this.#untilNextInstant(subject, written);
  }

  /** Nothing can or may be done. Without a reading a status that speaks of this generation stays as it is. */
  async #block(
    subject: GrantSubject,
    decision: Blocked,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<Next> {
    const { object, context, view } = subject;
    const { status, metadata } = object;
    const unseen = !context.reading && decision.code === 'NotReady';
    const told = status?.observedGeneration === metadata.generation && status.conditions !== undefined;
    if (unseen && told && metadata.deletionTimestamp === undefined) return this.#untilNextInstant(subject, object);
    const looked = decision.account !== undefined;
    const held = status?.planned?.hold !== undefined;
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
      // What was planned, and held, is not forgotten because it cannot be decided now.
      planned: held || !looked ? (status?.planned ?? null) : null,
    });
    const action = decision.code === 'UnderWay' ? openAttemptAction(subject) : null;
    if (action) {
      const afterMs = await this.#actions.lookForAttempt({ ...subject, object: written }, action, signal);
      if (afterMs === 0) return { again: { ...progress, object: written } };
      return { result: { requeueAfterMs: afterMs } };
    }
    return this.#untilNextInstant(subject, written);
  }

  async #plan(subject: GrantSubject, decision: Act, held: GrantFindings['planned'] | object | null): Promise<Next> {
    const { action, message, drift } = decision;
    const written = await this.#report(subject.object, {
      ...this.#seenBy(subject, decision),
      outcome: { reason: 'Planned', message: `Planned: ${message}`, drifted: drift ? message : null },
      planned: { action: action.type, reason: message, ...held },
    });
    return this.#untilNextInstant(subject, written);
  }

  async #act(subject: GrantSubject, decision: Act, progress: Progress, signal: AbortSignal): Promise<Next> {
    const result = await this.#actions.carryOut(subject, decision, progress.done, signal);
    switch (result.kind) {
      case 'Wait': {
        const instant = this.#untilNextInstant(subject, subject.object);
        return result.afterMs === null ? instant : { result: { requeueAfterMs: Math.max(1, result.afterMs) } };
      }
      case 'Again':
        return { again: { ...progress, object: this.#newest(subject) } };
      case 'Discarded':
        return this.#discard(subject);
      case 'Done': {
        subject.session?.desk.carriedOut(subject.object.metadata.uid);
        const done = { ...progress.done, ...result.done };
        const again = { object: result.object, lookedUp: true, done, message: result.message };
        return subject.view.ending ? this.#conclude(subject, again) : { again };
      }
    }
  }

  /** What ended is taken back: a deleted object goes, an expired one says so. */
  async #conclude(subject: GrantSubject, { object, done, message }: Progress): Promise<Next> {
    const seen = subject.session?.read(object.metadata.uid) ?? null;
    const gid = object.status?.user?.gid;
    await this.#letGo(object, {
      ...done,
      outcome: { reason: 'Expired', message: message ?? 'It was taken back.' },
      account: gid === undefined ? undefined : (seen?.account(gid) ?? null),
      observed: done.lastAction?.to ?? null,
      reading: seen,
      applied: null,
      planned: null,
    });
    this.#actions.forget(object.metadata.uid);
    this.#deps.touchConnector(subject.connectorKey, 'SeatFreed');
    return { result: {} };
  }

  /** An ending grant lets go and leaves Asana as it is. */
  async #release(subject: GrantSubject, decision: Release, progress: Progress): Promise<Next> {
    const { object, view } = subject;
    // The successor takes over what this grant holds; until it has recorded that, it is not forgotten here.
    if (decision.reason === 'Superseded' && !hasInherited(subject)) return { result: {} };
    const findings: GrantFindings = {
      ...this.#seenBy(subject, decision),
      ...progress.done,
      outcome: {
        reason: decision.reason === 'Superseded' ? 'Superseded' : 'Expired',
        message: decision.message,
      },
      applied: null,
      planned: null,
    };
    const { reason, message, warning } = decision;
    const stays = view.ending?.because === 'Expired';
    const written = stays ? await this.#report(object, findings) : object;
    await this.#releases.release({ kind: this.#kind, object: written }, { reason, message, warning });
    subject.session?.desk.forget(object.metadata.uid);
    this.#actions.forget(object.metadata.uid);
    this.#deps.touchConnector(subject.connectorKey, 'Counts');
    return { result: {} };
  }

  /** Removes the finalizer; a grant that expired, and so stays, says what became of it. */
  async #letGo(object: GrantObject, findings: GrantFindings): Promise<void> {
    const stays = object.metadata.deletionTimestamp === undefined;
    const written = stays ? await this.#report(object, findings) : object;
    await this.#deps.writer(this.#kind).removeFinalizer(written, REVOKE_FINALIZER);
  }

  /** A person let the removal be: a deleted object goes, a live one is left alone until it is edited. */
  async #discard(subject: GrantSubject): Promise<Next> {
    const { object, view, session } = subject;
    if (view.ending?.because === 'Deleted') {
      const message = 'The removal was discarded: Asana was left as it is.';
      const cause = { reason: 'Discarded', message, warning: false } as const;
      await this.#releases.release({ kind: this.#kind, object }, cause);
      session?.desk.forget(object.metadata.uid);
      return { result: {} };
    }
    // The hold stays on record: whatever the next edit asks to be removed was in one.
    await this.#report(object, {
      outcome: {
        reason: 'RemovalDiscarded',
        message: 'A person discarded this removal: edit the grant to have it decided again.',
      },
      planned: object.status?.planned ?? null,
      discardedGeneration: object.metadata.generation,
    });
    return { result: {} };
  }

  #seenBy({ context }: GrantSubject, { account, right, observed }: Decision): Partial<GrantFindings> {
    return { account, right, observed, reading: context.reading };
  }

  #report(object: GrantObject, findings: GrantFindings): Promise<GrantObject> {
    return this.#reporter.report({ kind: this.#kind, object }, findings);
  }

  /** What this reconcile wrote itself is in the store at once. */
  #newest({ object }: GrantSubject): GrantObject {
    const { namespace, name } = object.metadata;
    return this.#deps.grants.of(this.#kind).get(`${namespace}/${name}`) ?? object;
  }

  #touchAfter({ connectorKey }: GrantSubject, { done }: Progress): void {
    const { lastAction } = done;
    if (lastAction) this.#deps.touchConnector(connectorKey, lastAction.from === 'Enterprise' ? 'SeatFreed' : 'Counts');
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

function keepsApplied({ view }: GrantSubject, applied: NonNullable<Settled['applied']>): boolean {
  return view.applied !== null && view.applied.at !== '' && isSameRight(view.applied.right, applied.right);
}

function hasInherited({ context, view }: GrantSubject): boolean {
  const { contest } = context;
  if (contest.kind !== 'Succeeded' || !view.applied) return true;
  const { applied } = contest.successor.grant;
  return applied !== null && isSameRight(applied.right, view.applied.right);
}

/** An action found open counts as done once Asana shows its outcome: a restart came between, or it took its time. */
function confirmed(
  { object, view }: GrantSubject,
  { applied }: Settled,
  { done }: Progress,
): Pick<GrantFindings, 'lastAction' | 'created'> | object {
  const last = object.status?.lastAction;
  if (done.lastAction || !last || (last.result !== 'Pending' && last.result !== 'Unconfirmed')) return {};
  const shows = applied === null ? last.to === undefined : !view.ending;
  if (!shows) return {};
  const gid = object.status?.user?.gid;
  const creation = last.type === 'CreateAccount' || last.type === 'InviteAccount';
  return {
    lastAction: { ...last, result: 'Succeeded' },
    ...(creation && gid !== undefined ? { created: { gid, at: last.at } } : {}),
  };
}
