import { durationMs } from '../../api/duration.ts';
import type { GrantReason } from '../../api/reasons.ts';
import { formatTime } from '../../core/clock.ts';
import type { Action } from '../../provisioning/action.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { decideGrant } from '../../provisioning/decide-grant.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { type RefusalCode, unlearnt } from '../../provisioning/refusal.ts';
import { removalDue } from '../../provisioning/removal-delay.ts';
import type { Verdict, WaitReason } from '../../provisioning/removals/demand.ts';
import { removalLimitsOf } from '../connectors/connector-policies.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantDeps, GrantSubject } from '../grants/grant-context.ts';
import { FencedError } from '../grants/grant-reasons.ts';
import { settlingMs } from '../leadership.ts';
import {
  type HoldFields,
  type KeptRemoval,
  keptFields,
  newAnswerIn,
  undecidedFields,
} from './kept-removal.ts';
import { demandOf, recordedDemandOf } from './removal-demand.ts';

/** Refusals that leave open whether a live grant still declares less than the person holds. */
const UNDECIDED: ReadonlySet<RefusalCode> = new Set([...unlearnt, 'Suspended']);

type Act = Extract<Decision, { kind: 'Act' }>;

/** The gate's response to a removal that is about to be carried out. */
export type Passage =
  | { readonly kind: 'Open'; readonly planned: HoldFields }
  /** The reason and message for the status, and when to try again (`null`: when something changes). */
  | {
      readonly kind: 'Closed';
      readonly reason: GrantReason;
      readonly message: string;
      readonly afterMs: number | null;
      readonly planned: HoldFields;
    }
  /** A person's answer, to be recorded on the grant before it is followed. */
  | { readonly kind: 'Answered'; readonly planned: HoldFields }
  | { readonly kind: 'Discarded'; readonly planned: HoldFields };

/** The status fields of a removal before anything stops it. */
interface Plan {
  /** The fields that the status has already. */
  readonly kept: HoldFields;
  /** The same fields with the delay. */
  readonly planned: HoldFields;
  /** The rest of the delay, in milliseconds. */
  readonly waitMs: number;
}

/** What this process remembers of a removal that one generation of a grant wants. */
interface FirstSight {
  readonly content: string;
  /** Monotonic time at which it was first wanted; `null` if an earlier process had seen it already. */
  readonly at: number | null;
}

type GateDeps = Pick<
  GrantDeps,
  'leadership' | 'publishConnector' | 'touchConnector' | 'actionTimeoutMs' | 'clock'
>;

/**
 * The gate that every removal of a grant passes: the limits and their holds, the delay, the time given to another
 * leader's last action, and the decisions about all other grants.
 */
export class RemovalGate {
  readonly #deps: GateDeps;
  /** By uid; dropped with the object, and when no removal is wanted any more. */
  readonly #sights = new Map<string, FirstSight>();

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** Forgets an object that is gone. */
  forget(uid: string): void {
    this.#sights.delete(uid);
  }

  /**
   * Tells the desk what a grant wants, each time it is decided: a wanted removal counts, one that is no longer wanted
   * is withdrawn, and one that cannot be decided stays as it is.
   * @returns what the status has to keep of the removal; `null` if the removal itself determines that, or if there is
   *   none
   */
  note(subject: GrantSubject, decision: Decision): KeptRemoval | null {
    const { session, object, context, connectorKey } = subject;
    if (!session) return { planned: keptFields(object), answer: null };
    const acts = removalIn(decision) !== null && context.policies.mode === 'Apply';
    const action = acts ? removalIn(decision) : removalBehindDoubt(subject, decision);
    const demand = action
      ? demandOf(subject, action, this.#windowOf(subject))
      : this.#isUndecided(subject, decision)
        ? recordedDemandOf(subject, this.#windowOf(subject))
        : null;
    if (demand) {
      const verdict = session.desk.ask(demand, context.now);
      // The connector's status and the other grants depend on what the desk now holds or no longer holds.
      this.#deps.touchConnector(connectorKey, 'Removals');
      if (acts) return null;
      return { planned: undecidedFields(object, verdict, context.now), answer: newAnswerIn(verdict) };
    }
    return this.#leave(subject, session, decision);
  }

  /** Withdraws an unwanted removal. One that the desk holds, but no status shows, stays if it may still be wanted. */
  #leave(
    { object, view, connectorKey }: GrantSubject,
    { desk }: ConnectorSession,
    decision: Decision,
  ): KeptRemoval | null {
    const { uid } = object.metadata;
    const held = desk.holdOf(uid);
    const mayWant =
      decision.kind === 'Blocked'
        ? view.ending !== null || UNDECIDED.has(decision.code) || decision.code === 'UnderWay'
        : removalIn(decision) !== null;
    if (held !== null && mayWant) {
      const { hold, action } = held;
      return { planned: { ...keptFields(object), hold }, heldFor: action, answer: null };
    }
    const wasWanted = this.#sights.delete(uid) || object.status?.planned?.hold !== undefined;
    desk.withdraw(uid);
    if (wasWanted) this.#deps.touchConnector(connectorKey, 'Removals');
    return null;
  }

  /** Whether a removal was planned or held, and it cannot be decided now whether it is still required. */
  #isUndecided({ object, view, context }: GrantSubject, decision: Decision): boolean {
    const held = object.status?.planned?.hold !== undefined;
    if (decision.kind === 'Act') return isRemoval(decision.action) && held;
    if (decision.kind !== 'Blocked') return false;
    if (held) return true;
    // Nothing new is held in mode Plan, and a live grant that a rule refuses wants no removal.
    return context.policies.mode === 'Apply' && (view.ending !== null || UNDECIDED.has(decision.code));
  }

  /** Returns a person's answer that has yet to be recorded on the grant or followed; `null` if there is none. */
  answerTo(subject: GrantSubject, session: ConnectorSession, { action }: Act): Passage | null {
    const demand = demandOf(subject, action, this.#windowOf(subject));
    const verdict = session.desk.ask(demand, this.#deps.clock.now());
    const passage = stopBy(verdict, subject.connectorKey, this.#plan(subject, demand.content));
    return passage?.kind === 'Answered' || passage?.kind === 'Discarded' ? passage : null;
  }

  /** Returns the first obstacle to the removal, or `Open` once it is booked and may go ahead. */
  async pass(subject: GrantSubject, session: ConnectorSession, decision: Act): Promise<Passage> {
    const { clock, leadership, actionTimeoutMs, publishConnector } = this.#deps;
    const { uid } = subject.object.metadata;
    const demand = demandOf(subject, decision.action, this.#windowOf(subject));
    const plan = this.#plan(subject, demand.content);
    const { planned, waitMs } = plan;
    const stopped = stopBy(session.desk.ask(demand, clock.now()), subject.connectorKey, plan);
    if (stopped) return stopped;
    const closed = (message: string, afterMs: number): Passage => ({
      kind: 'Closed',
      reason: 'RemovalPending',
      message,
      afterMs,
      planned,
    });
    if (waitMs > 0) return closed(decision.message, waitMs);
    const settling = settlingMs(leadership, actionTimeoutMs);
    if (settling > 0) return closed('Waiting for the last action of the previous leader to end.', settling);
    const booked = stopBy(session.desk.reserve(uid, clock.now()), subject.connectorKey, plan);
    if (booked) return booked;
    session.desk.takeBooked();
    await publishConnector(subject.connectorKey, demand.deprovision);
    return { kind: 'Open', planned };
  }

  /**
   * Checks a booked removal again: before anything is read, and immediately before a request leaves.
   * @returns true if a new window has begun and the removal was booked and recorded in it: all checks have to be
   *   repeated
   * @throws FencedError if the removal is now held or has to wait
   */
  async check(
    { object, connectorKey }: GrantSubject,
    { desk }: ConnectorSession,
    stage: 'Begin' | 'Send',
  ): Promise<boolean> {
    const { uid } = object.metadata;
    const now = this.#deps.clock.now();
    const verdict = stage === 'Send' ? desk.check(uid, now) : desk.reserve(uid, now);
    const stopped = stopBy(verdict, connectorKey, { kept: {}, planned: {} });
    if (stopped) throw new FencedError('The removal is now held or has to wait.');
    if (!desk.takeBooked()) return false;
    await this.#deps.publishConnector(connectorKey, true);
    return true;
  }

  #windowOf({ connector }: GrantSubject): number {
    return removalLimitsOf(connector).windowMs;
  }

  #plan({ object, connector, view }: GrantSubject, content: string): Plan {
    const { clock } = this.#deps;
    const kept = keptFields(object);
    const firstSeen = this.#sight(object.metadata.uid, content, kept.since !== undefined);
    const since = view.ending?.at ?? (kept.since === undefined ? clock.now() : Date.parse(kept.since));
    const delayMs = durationMs(connector.spec.provisioning.removalDelay);
    const { notBefore, waitMs } = removalDue(
      { since, delayMs, firstSeen },
      { now: clock.now(), monotonic: clock.monotonic() },
    );
    return { kept, planned: { ...kept, since: formatTime(since), notBefore: formatTime(notBefore) }, waitMs };
  }

  /** @param restarted whether an earlier process had already seen it, so that the delay does not begin again */
  #sight(uid: string, content: string, restarted: boolean): number | null {
    const known = this.#sights.get(uid);
    if (known?.content === content) return known.at;
    const at = restarted && !known ? null : this.#deps.clock.monotonic();
    this.#sights.set(uid, { content, at });
    return at;
  }
}

function removalIn(decision: Decision): Action | null {
  return decision.kind === 'Act' && isRemoval(decision.action) ? decision.action : null;
}

/** Returns the removal that would follow if the reading were not in doubt: it waits and counts as pending. */
function removalBehindDoubt({ view, context }: GrantSubject, decision: Decision): Action | null {
  const { reading } = context;
  const doubted =
    decision.kind === 'Blocked' && (decision.code === 'ReadingIncomplete' || decision.code === 'ReadingHeld');
  if (!doubted || !reading || context.policies.mode !== 'Apply') return null;
  const trusted = { ...context, reading: { ...reading, doubtAbout: () => null }, lookedUp: true };
  return removalIn(decideGrant(view, trusted));
}

/** Returns how a verdict stops a removal; `null` if it lets the removal pass. */
function stopBy(
  verdict: Verdict,
  connectorKey: string,
  { kept, planned }: Pick<Plan, 'kept' | 'planned'>,
): Passage | null {
  const { answer: _, ...delayed } = planned;
  switch (verdict.kind) {
    case 'Free':
      return null;
    case 'Acknowledged':
      return verdict.recorded
        ? null
        : { kind: 'Answered', planned: { ...delayed, hold: verdict.hold, answer: 'Acknowledged' } };
    case 'Discarded':
      return { kind: 'Discarded', planned: { ...delayed, hold: verdict.hold } };
    case 'Held':
      return {
        kind: 'Closed',
        reason: 'RemovalsPaused',
        message: `Removals are held. See status.holds of AsanaConnector ${connectorKey}, then acknowledge or discard the hold by annotation.`,
        afterMs: null,
        planned: { ...delayed, hold: verdict.hold },
      };
    case 'Waits':
      return {
        kind: 'Closed',
        ...explainWait(verdict.on, connectorKey),
        afterMs: null,
        planned: waitingFields(kept, planned),
      };
  }
}

/** Drops `since` if an edit left only the hold: the desk has not held anything for this generation yet. */
function waitingFields(kept: HoldFields, { since, ...planned }: HoldFields): HoldFields {
  const isLeft = kept.hold !== undefined && kept.since === undefined;
  return isLeft || since === undefined ? planned : { ...planned, since };
}

function explainWait(on: WaitReason, connectorKey: string): { reason: GrantReason; message: string } {
  return on === 'Counting' || on === 'NotAsked'
    ? {
        reason: 'RemovalPending',
        message: 'Waiting until every grant of the connector has been evaluated.',
      }
    : {
        reason: 'RemovalsPaused',
        message: `The reading of Asana is in doubt (${on}): see status.holds of AsanaConnector ${connectorKey}.`,
      };
}
