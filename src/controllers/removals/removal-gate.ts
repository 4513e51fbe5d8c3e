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

/** Refusals that say nothing of whether a live grant still declares less than somebody holds. */
const UNDECIDED: ReadonlySet<RefusalCode> = new Set([...unlearnt, 'Suspended']);

type Act = Extract<Decision, { kind: 'Act' }>;

/** What the gate says to a removal that wants to be carried out. */
export type Passage =
  | { readonly kind: 'Open'; readonly planned: HoldFields }
  /** What the status says, and when to try again (null: when something changes). */
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

/** What the status says of a removal before anything stands in its way. */
interface Plan {
  /** What it says already. */
  readonly kept: HoldFields;
  /** The same with the delay. */
  readonly planned: HoldFields;
  /** How long the delay still lasts. */
  readonly waitMs: number;
}

/** What this process remembers of a removal that a generation of a grant wants. */
interface FirstSight {
  readonly content: string;
  /** Monotonic clock when it was first wanted; null when a process before this one had seen it already. */
  readonly at: number | null;
}

type GateDeps = Pick<
  GrantDeps,
  'leadership' | 'publishConnector' | 'touchConnector' | 'actionTimeoutMs' | 'clock'
>;

/**
 * What stands before every removal of a grant: the limits and their holds, the delay, the time given to another leader's
 * last action, and the decisions about all other grants.
 */
export class RemovalGate {
  readonly #deps: GateDeps;
  /** By uid; forgotten with the object, and when nothing is wanted any more. */
  readonly #sights = new Map<string, FirstSight>();

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** The object is gone. */
  forget(uid: string): void {
    this.#sights.delete(uid);
  }

  /**
   * Tells the desk what a grant wants, each time it is decided: what is wanted counts, what is not wanted any more leaves,
   * and what cannot be decided stays where it is.
   * @returns what the status has to keep of the removal; null where the removal itself says what is kept, or there is none
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
      // What the desk holds now, or lets go, is for the connector's status and for the other grants to hear.
      this.#deps.touchConnector(connectorKey, 'Removals');
      if (acts) return null;
      return { planned: undecidedFields(object, verdict, context.now), answer: newAnswerIn(verdict) };
    }
    return this.#leave(subject, session, decision);
  }

  /** Nothing is wanted any more; only what the desk holds, and no status says so yet, stays where it may be wanted still. */
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

  /** A removal that was planned, or held, and of which it cannot be told now whether it is still to be done. */
  #isUndecided({ object, view, context }: GrantSubject, decision: Decision): boolean {
    const held = object.status?.planned?.hold !== undefined;
    if (decision.kind === 'Act') return isRemoval(decision.action) && held;
    if (decision.kind !== 'Blocked') return false;
    if (held) return true;
    // Nothing is held anew in mode Plan, and a live grant that a rule refuses wants nothing taken.
    return context.policies.mode === 'Apply' && (view.ending !== null || UNDECIDED.has(decision.code));
  }

  /** A person's answer that is still to be recorded on the grant, or followed; null for none. */
  answerTo(subject: GrantSubject, session: ConnectorSession, { action }: Act): Passage | null {
    const demand = demandOf(subject, action, this.#windowOf(subject));
    const verdict = session.desk.ask(demand, this.#deps.clock.now());
    const passage = stopBy(verdict, subject.connectorKey, this.#plan(subject, demand.content));
    return passage?.kind === 'Answered' || passage?.kind === 'Discarded' ? passage : null;
  }

  /** The first gate that is closed; open when the removal was booked and may go ahead. */
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
   * The same once more: before anything is read, and immediately before a request leaves.
   * @returns true where a window has begun since it was booked: it is booked and on record in this one, and all is to be asked anew
   * @throws FencedError when the removal is held, or waits, by now
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

  /** @param restarted a process before this one had seen it already: its delay is not begun anew */
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

/** What would be removed if nobody doubted the reading: it waits, and counts as pending meanwhile. */
function removalBehindDoubt({ view, context }: GrantSubject, decision: Decision): Action | null {
  const { reading } = context;
  const doubted =
    decision.kind === 'Blocked' && (decision.code === 'ReadingIncomplete' || decision.code === 'ReadingHeld');
  if (!doubted || !reading || context.policies.mode !== 'Apply') return null;
  const trusted = { ...context, reading: { ...reading, doubtAbout: () => null }, lookedUp: true };
  return removalIn(decideGrant(view, trusted));
}

/** What a verdict stops; null where it lets through. */
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

/** What an edit has left of a hold is without `since`: the desk has not held anything for this generation yet. */
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
