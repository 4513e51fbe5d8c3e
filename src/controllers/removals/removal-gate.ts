import type { GrantReason } from '../../api/reasons.ts';
import { durationMs } from '../../api/duration.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { removalDue } from '../../provisioning/removal-delay.ts';
import type { Verdict } from '../../provisioning/removals/demand.ts';
import { isRemoval } from '../../provisioning/actions.ts';
import { removalLimitsOf } from '../connectors/connector-policies.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantDeps, GrantSubject } from '../grants/grant-context.ts';
import { FencedError } from '../grants/grant-reasons.ts';
import { settlingMs } from '../leadership.ts';
import { demandOf, recordedDemandOf } from './removal-demand.ts';

type Act = Extract<Decision, { kind: 'Act' }>;
type Planned = NonNullable<NonNullable<GrantObject['status']>['planned']>;

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
  | { readonly kind: 'Discarded' };

/** What `status.planned` says of a removal besides the action. */
export type HoldFields = Pick<Planned, 'hold' | 'answer' | 'notBefore'>;

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
   * @returns what the status has to keep of a hold
   */
  note(subject: GrantSubject, decision: Decision): HoldFields | null {
    const { session, object, context, connectorKey } = subject;
    if (!session) return null;
    const { uid } = object.metadata;
    const wanted = decision.kind === 'Act' && isRemoval(decision.action);
    const undecided = decision.kind === 'Blocked';
    const demand =
      wanted && context.policies.mode === 'Apply'
        ? demandOf(subject, decision.action, this.#windowOf(subject))
        : wanted || undecided
          ? recordedDemandOf(subject)
          : null;
    if (demand) {
      session.desk.ask(demand, context.now);
      // What the desk holds now, or lets go, is for the connector's status and for the other grants to hear.
      this.#deps.touchConnector(connectorKey, 'Removals');
      return !wanted || context.policies.mode === 'Plan' ? this.#keep(subject) : null;
    }
    const wasWanted = this.#sights.delete(uid) || object.status?.planned?.hold !== undefined;
    session.desk.withdraw(uid);
    if (wasWanted) this.#deps.touchConnector(connectorKey, 'Removals');
    return null;
  }

  /** The first gate that is closed; open when the removal was booked and may go ahead. */
  async pass(subject: GrantSubject, session: ConnectorSession, decision: Act): Promise<Passage> {
    const { clock, leadership, actionTimeoutMs, publishConnector } = this.#deps;
    const { uid } = subject.object.metadata;
    const demand = demandOf(subject, decision.action, this.#windowOf(subject));
    const { notBefore, waitMs } = this.#due(subject, demand.content);
    const delayed = { notBefore: formatTime(notBefore) };
    const stopped = stopBy(session.desk.ask(demand, clock.now()), subject.connectorKey, delayed);
    if (stopped) return stopped;
    const planned = { ...acknowledgedFields(subject.object), ...delayed };
    const closed = (message: string, afterMs: number): Passage => ({
      kind: 'Closed',
      reason: 'RemovalPending',
      message,
      afterMs,
      planned,
    });
    if (waitMs > 0) return closed(decision.message, waitMs);
    const settling = settlingMs(leadership, actionTimeoutMs);
    if (settling > 0)
      return closed('Another process led before: its last action is given time to end.', settling);
    const booked = stopBy(session.desk.reserve(uid, clock.now()), subject.connectorKey, delayed);
    if (booked) return booked;
    await publishConnector(subject.connectorKey, demand.deprovision);
    return { kind: 'Open', planned };
  }

  /**
   * The same once more, immediately before a request leaves.
   * @throws FencedError when the removal is held, or waits, by now
   */
  check({ object, connectorKey }: GrantSubject, session: ConnectorSession): void {
    const verdict = session.desk.check(object.metadata.uid, this.#deps.clock.now());
    const stopped = stopBy(verdict, connectorKey, {});
    if (stopped) throw new FencedError('The removal is held, or has to wait, by now.');
  }

  #windowOf({ connector }: GrantSubject): number {
    return removalLimitsOf(connector).windowMs;
  }

  /** A grant that is not decided keeps what its status says of the hold. */
  #keep({ object }: GrantSubject): HoldFields {
    const { hold, answer, notBefore } = object.status?.planned ?? {};
    return {
      ...(hold === undefined ? {} : { hold }),
      ...(answer === undefined ? {} : { answer }),
      ...(notBefore === undefined ? {} : { notBefore }),
    };
  }

  #due({ object, connector, view }: GrantSubject, content: string): { notBefore: number; waitMs: number } {
    const { clock } = this.#deps;
    const delayMs = durationMs(connector.spec.provisioning.removalDelay);
    const { status, metadata } = object;
    const recorded =
      status?.observedGeneration === metadata.generation ? status.planned?.notBefore : undefined;
    const firstSeen = this.#sight(metadata.uid, content, recorded !== undefined);
    const firstSight = recorded === undefined ? clock.now() : Date.parse(recorded) - delayMs;
    const removal = { since: view.ending?.at ?? firstSight, delayMs, firstSeen };
    return removalDue(removal, { now: clock.now(), monotonic: clock.monotonic() });
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

/** What a verdict stops; null where it lets through. */
function stopBy(verdict: Verdict, connectorKey: string, delayed: HoldFields): Passage | null {
  switch (verdict.kind) {
    case 'Free':
      return null;
    case 'Acknowledged':
      return verdict.recorded
        ? null
        : { kind: 'Answered', planned: { ...delayed, hold: verdict.hold, answer: 'Acknowledged' } };
    case 'Discarded':
      return { kind: 'Discarded' };
    case 'Held':
      return {
        kind: 'Closed',
        reason: 'RemovalsPaused',
        message: `Removals are held: see status.holds of AsanaConnector ${connectorKey}, then acknowledge or discard the hold by annotation.`,
        afterMs: null,
        planned: { ...delayed, hold: verdict.hold },
      };
    case 'Waits':
      return verdict.on === 'Counting' || verdict.on === 'NotAsked'
        ? {
            kind: 'Closed',
            reason: 'RemovalPending',
            message: 'Every other grant of the connector is decided first.',
            afterMs: null,
            planned: delayed,
          }
        : {
            kind: 'Closed',
            reason: 'RemovalsPaused',
            message: `The directory is in doubt (${verdict.on}): see status.holds of AsanaConnector ${connectorKey}.`,
            afterMs: null,
            planned: delayed,
          };
  }
}

/** An answer stays on record until the removal is done: it is what exempts it from the limits. */
function acknowledgedFields({ status }: GrantObject): HoldFields {
  const { hold, answer } = status?.planned ?? {};
  return hold !== undefined && answer !== undefined ? { hold, answer } : {};
}
