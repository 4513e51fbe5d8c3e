import { isAsanaError } from '../../asana/errors.ts';
import { mayBeDone, type Tally } from '../../asana/transport.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Action } from '../../provisioning/action.ts';
import { isOneWay, isRemoval } from '../../provisioning/actions.ts';
import { isLookedFor, isOpen, nextLook, nextStep, type Whereabouts } from '../../provisioning/attempt.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { ActionOutcome } from '../../provisioning/executor.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { HoldFields } from '../removals/kept-removal.ts';
import type { RemovalGate } from '../removals/removal-gate.ts';
import { GrantActionHooks, type PlannedAct } from './action-hooks.ts';
import { ActionOutcomes, type ActionResult } from './action-outcomes.ts';
import { CredentialsGoneError, requestFor } from './action-request.ts';
import { ActionWaits } from './action-waits.ts';
import type { BegunAttempts } from './begun-attempts.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { isAskedAnew } from './grant-view.ts';
import { EditedMeanwhileError, PromptWord } from './prompt-word.ts';
import { Seats } from './seats.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** Carries out the actions of grants: passes the gate, runs the action, and later checks its outcome. */
export class GrantActions {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #begun: BegunAttempts;
  readonly #waits: ActionWaits;
  readonly #seats: Seats;
  readonly #outcomes: ActionOutcomes;

  constructor(deps: GrantDeps, gate: RemovalGate, reporter: GrantReporter, begun: BegunAttempts) {
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
    this.#begun = begun;
    this.#waits = new ActionWaits(reporter);
    this.#seats = new Seats(deps.touchConnector);
    this.#outcomes = new ActionOutcomes({ deps, reporter, begun, waits: this.#waits, seats: this.#seats });
  }

  /** Forgets the action of a grant: nothing is in progress (any more), and Asana is as declared. */
  forget(uid: string): void {
    this.#outcomes.forget(uid);
  }

  /** Marks a seat as in doubt: its license may have been given, and the outcome can no longer be checked. */
  doubtSeat(uid: string): void {
    this.#seats.doubt(uid);
  }

  /** Forgets the action of a grant that is gone or released, whatever is still in progress. */
  abandon(uid: string): void {
    this.#outcomes.abandon(uid);
  }

  /**
   * Updates the seat of a grant that was decided: its license stays reserved for as long as Asana may still show it.
   * @param isLeft whether nothing is done about the grant now
   */
  noteSeat({ session, object, view, context }: GrantSubject, isLeft: boolean): void {
    const { uid } = object.metadata;
    const begun = session?.seats.handOver(uid);
    if (begun) this.#seats.takeOver(uid, begun);
    if (isLeft && !isLookedFor(view.attempt, context.now)) this.#seats.doubt(uid);
  }

  async carryOut(
    subject: GrantSubject,
    decision: Act,
    done: Partial<GrantFindings>,
    signal: AbortSignal,
  ): Promise<ActionResult> {
    const { session, object, view, context } = subject;
    const { uid } = object.metadata;
    if (!session?.asana) {
      const why = 'The connector has no valid credentials. See its conditions.';
      return this.#waits.say(subject, decision, 'ConnectorNotReady', why, null, { keepsRequest: true });
    }
    // An answer to a hold is recorded, whatever the removal waits for or was refused for.
    const answer = isRemoval(decision.action) ? this.#gate.answerTo(subject, session, decision) : null;
    if (answer?.kind === 'Discarded') return answer;
    if (answer?.kind === 'Answered') return this.#recordAnswer(subject, decision, answer.planned);
    const step = nextStep(view.attempt, decision.action, context.now, {
      asked: isAskedAnew(object),
      whereabouts: this.#begun.whereabouts(uid, view.attempt?.id),
    });
    if (step === 'Stay' || step === 'GiveUp') return this.#outcomes.giveUp(subject, decision);
    const refusal = await this.#waits.repeatRefusal(subject, decision);
    if (refusal) return refusal;
    if (step === 'Look') return this.#look(subject, session, decision, signal);
    let planned: HoldFields = {};
    if (isRemoval(decision.action)) {
      const passage = await this.#gate.pass(subject, session, decision);
      if (passage.kind === 'Discarded') return passage;
      if (passage.kind === 'Answered') return this.#recordAnswer(subject, decision, passage.planned);
      if (passage.kind === 'Closed')
        return this.#waits.say(subject, decision, passage.reason, passage.message, passage.afterMs, {
          planned: passage.planned,
          keepsRequest: true,
        });
      planned = passage.planned;
    }
    return this.#send({ subject, session, decision, planned, done }, signal);
  }

  /**
   * Checks whether Asana shows a change that was sent before the grant ended or was edited.
   * @returns milliseconds until the grant has to be decided again
   */
  async lookForAttempt(subject: GrantSubject, action: Action | null, signal: AbortSignal): Promise<number> {
    const { attempt } = subject.view;
    const { session } = subject;
    const next = attempt === null ? null : nextLook(this.#deps.clock.now() - attempt.at);
    if (!attempt || next === null) return 0;
    if (!action || !session?.asana) return next;
    try {
      const outcome = await this.#promptly(subject, signal, (limited) =>
        this.#deps.executor.verify(requestFor(subject, session, action, limited), attempt.id),
      );
      if (outcome.kind !== 'Succeeded') return next;
    } catch (error) {
      if (error instanceof EditedMeanwhileError || error instanceof CredentialsGoneError) return 0;
      this.#outcomes.tellRejected(subject, error);
      if (!isAsanaError(error) || error.errorClass !== 'stalling') throw error;
      return next;
    }
    // From now on the reading shows the license.
    this.#seats.keep(subject.object.metadata.uid);
    return 0;
  }

  async #send(act: PlannedAct, signal: AbortSignal): Promise<ActionResult> {
    const { subject, session, decision } = act;
    const { action } = decision;
    const hooks = new GrantActionHooks(this.#deps, this.#gate, this.#reporter, act);
    this.#seats.take(subject, session, action);
    const tally: Tally = { requests: 0 };
    // A repeated request replaces the first one on record, and the outcome of the first stays unknown.
    const isRepeated = this.#mayBeDoneBefore(subject, action);
    const note = () => {
      const { uid } = subject.object.metadata;
      const whereabouts = isRepeated && !mayBeDone(tally) ? 'Unanswered' : whereaboutsOf(tally);
      if (hooks.intent !== null) this.#begun.note(uid, hooks.intent, whereabouts);
      return { ...subject, object: hooks.object };
    };
    try {
      const outcome = await hooks.during(signal, (limited) =>
        this.#deps.executor.execute({ ...requestFor(subject, session, action, limited), tally }, hooks),
      );
      const own = isRepeated && outcome.kind === 'Succeeded' ? { ...outcome, byOthers: false } : outcome;
      return await this.#outcomes.conclude(note(), decision, own);
    } catch (error) {
      return this.#outcomes.fail(note(), decision, error, {
        isUnderWay: isRepeated || mayBeDone(tally),
        intent: hooks.intent,
        planned: act.planned,
      });
    }
  }

  /**
   * Whether an earlier attempt of the same action may still show. A one-way action is sent again only once the time to
   * show the first request has passed: that one counts as not arrived, and the answer to the second one is final.
   */
  #mayBeDoneBefore({ object, view: { attempt } }: GrantSubject, { type }: Action): boolean {
    if (!isOpen(attempt) || attempt.type !== type || isOneWay(type)) return false;
    return this.#begun.whereabouts(object.metadata.uid, attempt.id) !== 'NotSent';
  }

  async #look(
    found: GrantSubject,
    session: ConnectorSession,
    decision: Act,
    signal: AbortSignal,
  ): Promise<ActionResult> {
    const { attempt } = found.view;
    this.#seats.take(found, session, decision.action);
    // An edit is observed first, since Asana may take long.
    const message = 'Checking whether Asana shows the change.';
    const { metadata, status } = found.object;
    const told = status?.observedGeneration === metadata.generation;
    const object = told
      ? found.object
      : await this.#waits.write(found, decision, 'Progressing', message, { keepsRequest: true });
    const subject = { ...found, object };
    let outcome: ActionOutcome;
    try {
      outcome = await this.#promptly(subject, signal, (limited) => {
        const request = requestFor(subject, session, decision.action, limited);
        return this.#deps.executor.verify(request, attempt?.id ?? '');
      });
    } catch (error) {
      // An error during a check does not end what was sent.
      return this.#outcomes.fail(subject, decision, error, { isUnderWay: true, intent: null, planned: null });
    }
    return this.#outcomes.conclude(subject, decision, outcome);
  }

  async #recordAnswer(subject: GrantSubject, decision: Act, planned: HoldFields): Promise<ActionResult> {
    const message = 'The removal was acknowledged.';
    await this.#waits.say(subject, decision, 'RemovalPending', message, null, {
      planned,
      keepsRequest: true,
    });
    return { kind: 'Again' };
  }

  /** Runs a check that the status already reports; an edit made meanwhile ends it. */
  #promptly<T>(
    { kind, object }: GrantSubject,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock, actionTimeoutMs: ms, grants } = this.#deps;
    const word = new PromptWord({
      clock,
      object,
      latest: () => grants.of(kind).get(keyOf(object)),
      say: (seen) => Promise.resolve(seen),
    });
    return word.during({ ms, signal }, work);
  }
}

function whereaboutsOf(tally: Tally): Whereabouts {
  if (tally.accepted) return 'Accepted';
  return mayBeDone(tally) ? 'Unanswered' : 'NotSent';
}
