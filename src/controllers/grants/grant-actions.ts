import type { GrantObject } from '../../api/kinds.ts';
import { isAsanaError } from '../../asana/errors.ts';
import type { Tally } from '../../asana/transport.ts';
import { formatTime } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Action } from '../../provisioning/action.ts';
import { isRemoval, rulesOf } from '../../provisioning/actions.ts';
import { nextLook, nextStep } from '../../provisioning/attempt.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { ActionOutcome } from '../../provisioning/executor.ts';
import { RefusedError } from '../../provisioning/refusal.ts';
import { nameOf } from '../../provisioning/right-rules.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { HoldFields, RemovalGate } from '../removals/removal-gate.ts';
import { GrantActionHooks, type PlannedAct } from './action-hooks.ts';
import { countDrift, isCreation, lastActionOf } from './action-record.ts';
import { requestFor } from './action-request.ts';
import { ActionWaits } from './action-waits.ts';
import type { BegunAttempts } from './begun-attempts.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import { grantReasonOf } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { isAskedAnew } from './grant-view.ts';
import { EditedMeanwhileError, PromptWord } from './prompt-word.ts';
import { Seats } from './seats.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** What came of carrying a decision out. */
export type ActionResult =
  /** The status says why; come again after so long, or when something changes (null). */
  | { readonly kind: 'Wait'; readonly afterMs: number | null }
  /** What was found asks for another decision. */
  | { readonly kind: 'Again' }
  /** A person let it be: the removal is not carried out. */
  | { readonly kind: 'Discarded'; readonly planned: HoldFields }
  | {
      readonly kind: 'Done';
      readonly object: GrantObject;
      /** What the next status says of it. */
      readonly done: Partial<GrantFindings>;
      readonly message: string;
    };

/** Where an action failed. */
interface FailedAct {
  /** What was sent may still take effect. */
  readonly isUnderWay: boolean;
  /** The id under which it was recorded; null for a look, or before that. */
  readonly intent: string | null;
  /** What the gate let through; null for a look. */
  readonly planned: HoldFields | null;
}

/** Carries out the actions of grants: the gate before them, the action, and what becomes of it. */
export class GrantActions {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #begun: BegunAttempts;
  readonly #waits: ActionWaits;
  readonly #seats: Seats;

  constructor(deps: GrantDeps, gate: RemovalGate, reporter: GrantReporter, begun: BegunAttempts) {
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
    this.#begun = begun;
    this.#waits = new ActionWaits(reporter);
    this.#seats = new Seats(deps.touchConnector);
  }

  /** Nothing is under way (any more): all is as declared, or the object is gone. */
  forget(uid: string): void {
    this.#waits.forget(uid);
    this.#begun.forget(uid);
    this.#seats.forget(uid);
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
      const why = 'The connector has no working credentials: see its conditions.';
      return this.#waits.say(subject, decision, 'ConnectorNotReady', why, null, { keepsRequest: true });
    }
    // Whatever the removal waits for, or was refused for, an answer to its hold is recorded.
    const answer = isRemoval(decision.action) ? this.#gate.answerTo(subject, session, decision) : null;
    if (answer?.kind === 'Discarded') return answer;
    if (answer?.kind === 'Answered') return this.#recordAnswer(subject, decision, answer.planned);
    const step = nextStep(view.attempt, decision.action, context.now, {
      asked: isAskedAnew(object),
      whereabouts: this.#begun.whereabouts(uid, view.attempt?.id),
    });
    if (step === 'Stay' || step === 'GiveUp') return this.#giveUp(subject, decision);
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
   * Looks whether something shows that was sent before the grant ended.
   * @returns milliseconds until the grant is to be decided again
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
      if (error instanceof EditedMeanwhileError) return 0;
      this.#tellRejected(subject, error);
      if (!isAsanaError(error) || error.errorClass !== 'stalling') throw error;
      return next;
    }
    // From now on the reading shows the license.
    this.#seats.free(subject);
    return 0;
  }

  async #send(act: PlannedAct, signal: AbortSignal): Promise<ActionResult> {
    const { subject, session, decision } = act;
    const { action } = decision;
    const hooks = new GrantActionHooks(this.#deps, this.#gate, this.#reporter, act);
    this.#seats.take(subject, session, action);
    const tally: Tally = { requests: 0 };
    // What Asana refused each time, and was then stopped by the guard, is not under way.
    const hasLeft = () => tally.requests > (tally.refused ?? 0);
    const note = () => {
      if (hooks.intent !== null) this.#begun.note(subject.object.metadata.uid, hooks.intent, hasLeft());
      return { ...subject, object: hooks.object };
    };
    try {
      const outcome = await hooks.during(signal, (limited) =>
        this.#deps.executor.execute({ ...requestFor(subject, session, action, limited), tally }, hooks),
      );
      return await this.#conclude(note(), decision, outcome);
    } catch (error) {
      const isRefused = isAsanaError(error) ? !error.outcomeUnknown : error instanceof RefusedError;
      const isLost = hasLeft() && !isRefused;
      return this.#fail(note(), decision, error, {
        isUnderWay: isLost,
        intent: hooks.intent,
        planned: act.planned,
      });
    }
  }

  async #look(
    found: GrantSubject,
    session: ConnectorSession,
    decision: Act,
    signal: AbortSignal,
  ): Promise<ActionResult> {
    const { attempt } = found.view;
    this.#seats.take(found, session, decision.action);
    // An edit is observed first: Asana may take its time.
    const message = 'Asana is asked whether it shows the change.';
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
      // What a look meets ends nothing that was sent.
      return this.#fail(subject, decision, error, { isUnderWay: true, intent: null, planned: null });
    }
    return this.#conclude(subject, decision, outcome);
  }

  async #conclude(subject: GrantSubject, decision: Act, outcome: ActionOutcome): Promise<ActionResult> {
    const { object } = subject;
    const { uid } = object.metadata;
    if (outcome.kind === 'Overtaken') {
      this.#seats.free(subject);
      return { kind: 'Again' };
    }
    if (outcome.kind === 'Unconfirmed') return this.#awaitOutcome(subject, decision);
    this.forget(uid);
    const { action, drift } = decision;
    const now = this.#deps.clock.now();
    const at = object.status?.lastAction?.at ?? formatTime(now);
    const result = outcome.byOthers ? 'Failed' : 'Succeeded';
    const created = isCreation(action.type) && !outcome.byOthers ? outcome.account?.gid : undefined;
    const who = action.email ?? nameOf(outcome.account ?? decision.account ?? null);
    const message = rulesOf(action).describe(action, who);
    this.#reporter.tellDone(subject, decision, message);
    return {
      kind: 'Done',
      object,
      message,
      done: {
        lastAction: lastActionOf(action, outcome.id, at, result),
        ...(created === undefined ? {} : { created: { gid: created, at: formatTime(now) } }),
        ...(drift ? { drift: countDrift(object, now) } : {}),
      },
    };
  }

  /** Looked at again after 5, 15, 60 and 180 s; then Asana is taken at its word that it does not do it. */
  async #awaitOutcome(subject: GrantSubject, decision: Act): Promise<ActionResult> {
    const last = subject.object.status?.lastAction;
    const elapsed = last ? this.#deps.clock.now() - Date.parse(last.at) : 0;
    const next = nextLook(elapsed);
    if (next === null) return this.#giveUp(subject, decision);
    const message = 'Asana took the change and does not show it yet.';
    return this.#waits.say(subject, decision, 'Progressing', message, next, { keepsRequest: true });
  }

  async #giveUp(subject: GrantSubject, decision: Act): Promise<ActionResult> {
    this.#seats.free(subject);
    const last = subject.object.status?.lastAction;
    const message = `Asana took ${decision.action.type} and does not show it after three minutes. Look in the Admin Console, then set the annotation requestedAt.`;
    return this.#waits.say(
      subject,
      decision,
      'LicenseNotAccepted',
      message,
      null,
      last ? { lastAction: { ...last, result: 'Unconfirmed' } } : {},
    );
  }

  async #recordAnswer(subject: GrantSubject, decision: Act, planned: HoldFields): Promise<ActionResult> {
    const message = 'The removal was acknowledged.';
    await this.#waits.say(subject, decision, 'RemovalPending', message, null, {
      planned,
      keepsRequest: true,
    });
    return { kind: 'Again' };
  }

  async #fail(
    subject: GrantSubject,
    decision: Act,
    error: unknown,
    { isUnderWay, intent, planned }: FailedAct,
  ): Promise<ActionResult> {
    if (!isUnderWay) this.#seats.free(subject);
    if (error instanceof EditedMeanwhileError) return { kind: 'Again' };
    const reason = grantReasonOf(error);
    if (!reason || !(error instanceof CodedError)) throw error;
    this.#tellRejected(subject, error);
    const last = subject.object.status?.lastAction;
    const ended = !isUnderWay && last?.id === intent && last?.result === 'Pending';
    const findings = {
      ...(planned ? { planned } : {}),
      ...(ended ? { lastAction: { ...last, result: 'Failed' as const } } : {}),
    };
    if (error.errorClass === 'stalling' && reason !== 'ConnectorNotReady')
      return this.#waits.refuse(subject, decision, { reason, message: error.message, findings });
    await this.#waits.say(subject, decision, reason, error.message, null, {
      ...findings,
      keepsRequest: true,
    });
    // The queue knows how long to wait for an error of this class.
    if (error.errorClass !== 'stalling') throw error;
    return { kind: 'Wait', afterMs: null };
  }

  #tellRejected({ connectorKey }: GrantSubject, error: unknown): void {
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(connectorKey, 'CredentialsRejected');
  }

  /** A look, of which the status speaks already: an edit that comes meanwhile ends it. */
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
