import type { GrantObject } from '../../api/kinds.ts';
import type { GrantReason } from '../../api/reasons.ts';
import { isAsanaError } from '../../asana/errors.ts';
import { formatTime } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Counter } from '../../core/meter.ts';
import { withTimeLimit } from '../../core/time-limit.ts';
import type { Action } from '../../provisioning/action.ts';
import { isRemoval, rulesOf } from '../../provisioning/actions.ts';
import { nextLook, nextStep, type Whereabouts } from '../../provisioning/attempt.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { ActionOutcome, ActionRequest } from '../../provisioning/executor.ts';
import { nameOf } from '../../provisioning/right-rules.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { HoldFields, RemovalGate } from '../removals/removal-gate.ts';
import { GrantActionHooks, type PlannedAct } from './action-hooks.ts';
import { countDrift, fingerprintOf, lastActionOf } from './action-record.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import { grantReasonOf } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { identityOf, isAskedAnew } from './grant-view.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** What came of carrying a decision out. */
export type ActionResult =
  /** The status says why; come again after so long, or when something changes (null). */
  | { readonly kind: 'Wait'; readonly afterMs: number | null }
  /** What was found asks for another decision. */
  | { readonly kind: 'Again' }
  /** A person let it be: the removal is not carried out. */
  | { readonly kind: 'Discarded' }
  | {
      readonly kind: 'Done';
      readonly object: GrantObject;
      /** What the next status says of it. */
      readonly done: Partial<GrantFindings>;
      readonly message: string;
    };

/** Carries out the actions of grants: the gate before them, the action, and what the status says meanwhile. */
export class GrantActions {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;
  readonly #drifts: Counter;
  /** By uid: what was so when Asana refused. It is tried again when any of it moves, and after a restart. */
  readonly #refusedOn = new Map<string, string>();
  /** By uid: what frees the enterprise license that an upgrade under way takes. */
  readonly #seats = new Map<string, () => void>();
  /** By uid: the attempts that this process began, and whether their requests have left. */
  readonly #begun = new Map<string, { readonly id: string; readonly sent: boolean }>();

  constructor(deps: GrantDeps, gate: RemovalGate, reporter: GrantReporter) {
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
    this.#drifts = deps.meter.counter('drift_total', 'Changes of others that were set back.', [
      'namespace',
      'connector',
    ]);
  }

  /** Nothing is under way (any more): all is as declared, or the object is gone. */
  forget(uid: string): void {
    this.#refusedOn.delete(uid);
    this.#begun.delete(uid);
    this.#freeSeat(uid);
  }

  async carryOut(
    subject: GrantSubject,
    decision: Act,
    done: Partial<GrantFindings>,
    signal: AbortSignal,
  ): Promise<ActionResult> {
    const { session, object, view, context } = subject;
    if (!session?.asana) {
      const message = 'The connector has no working credentials: see its conditions.';
      return this.#wait(subject, decision, 'ConnectorNotReady', message, null);
    }
    const step = nextStep(view.attempt, decision.action, context.now, {
      asked: isAskedAnew(object),
      whereabouts: this.#whereaboutsOf(subject),
    });
    if (step === 'Stay' || step === 'GiveUp') return this.#giveUp(subject, decision);
    if (this.#refusedOn.get(object.metadata.uid) === fingerprintOf(subject, decision.action))
      return { kind: 'Wait', afterMs: null };
    this.#refusedOn.delete(object.metadata.uid);
    if (step === 'Look') return this.#look(subject, session, decision, signal);
    let planned: HoldFields = {};
    if (isRemoval(decision.action)) {
      const passage = await this.#gate.pass(subject, session, decision);
      if (passage.kind === 'Discarded') return passage;
      if (passage.kind === 'Answered') return this.#recordAnswer(subject, decision, passage.planned);
      if (passage.kind === 'Closed')
        return this.#wait(subject, decision, passage.reason, passage.message, passage.afterMs, {
          planned: passage.planned,
        });
      planned = passage.planned;
    }
    return this.#send({ subject, session, decision, planned, done }, signal);
  }

  /**
   * Looks whether something shows that was sent before the grant ended.
   * @returns milliseconds until the grant is to be decided again
   */
  async lookForAttempt(subject: GrantSubject, action: Action, signal: AbortSignal): Promise<number> {
    const { attempt } = subject.view;
    const { session } = subject;
    const next = attempt === null ? null : nextLook(this.#deps.clock.now() - attempt.at);
    if (!attempt || next === null) return 0;
    if (!session?.asana) return next;
    const outcome = await this.#limited(signal, (limited) =>
      this.#deps.executor.verify(this.#requestFor(subject, session, action, limited), attempt.id),
    );
    return outcome.kind === 'Succeeded' ? 0 : next;
  }

  async #send(act: PlannedAct, signal: AbortSignal): Promise<ActionResult> {
    const { subject, session, decision } = act;
    const { action } = decision;
    const { uid } = subject.object.metadata;
    const hooks = new GrantActionHooks(this.#deps, this.#gate, this.#reporter, act);
    if (rulesOf(action).takesSeat && !this.#seats.has(uid))
      this.#seats.set(uid, session.takeSeat(uid, action.gid ?? action.email ?? uid));
    const tally = { requests: 0 };
    try {
      const outcome = await this.#limited(signal, (limited) =>
        this.#deps.executor.execute({ ...this.#requestFor(subject, session, action, limited), tally }, hooks),
      );
      this.#noteSent(hooks.object, tally.requests > 0);
      return await this.#conclude({ ...subject, object: hooks.object }, decision, outcome);
    } catch (error) {
      this.#noteSent(hooks.object, tally.requests > 0);
      return await this.#fail({ ...subject, object: hooks.object }, decision, error);
    }
  }

  #noteSent({ metadata, status }: GrantObject, sent: boolean): void {
    const last = status?.lastAction;
    if (last?.result === 'Pending') this.#begun.set(metadata.uid, { id: last.id, sent });
  }

  #whereaboutsOf({ object, view }: GrantSubject): Whereabouts {
    const begun = this.#begun.get(object.metadata.uid);
    if (!begun || begun.id !== view.attempt?.id) return 'Unknown';
    return begun.sent ? 'Sent' : 'NotSent';
  }

  async #look(
    subject: GrantSubject,
    session: ConnectorSession,
    decision: Act,
    signal: AbortSignal,
  ): Promise<ActionResult> {
    const { attempt } = subject.view;
    const { uid } = subject.object.metadata;
    if (rulesOf(decision.action).takesSeat && !this.#seats.has(uid))
      this.#seats.set(uid, session.takeSeat(uid, decision.action.gid ?? uid));
    try {
      const outcome = await this.#limited(signal, (limited) => {
        const request = this.#requestFor(subject, session, decision.action, limited);
        return this.#deps.executor.verify(request, attempt?.id ?? '');
      });
      return await this.#conclude(subject, decision, outcome);
    } catch (error) {
      return this.#fail(subject, decision, error);
    }
  }

  async #conclude(subject: GrantSubject, decision: Act, outcome: ActionOutcome): Promise<ActionResult> {
    const { object } = subject;
    const { uid } = object.metadata;
    if (outcome.kind === 'Overtaken') {
      this.#freeSeat(uid);
      return { kind: 'Again' };
    }
    if (outcome.kind === 'Unconfirmed') return this.#awaitOutcome(subject, decision);
    this.forget(uid);
    const { action, drift } = decision;
    const now = this.#deps.clock.now();
    const at = object.status?.lastAction?.at ?? formatTime(now);
    const result = outcome.byOthers ? 'Failed' : 'Succeeded';
    const created = isCreation(action) && !outcome.byOthers ? outcome.account?.gid : undefined;
    const message = rulesOf(action).describe(action, action.email ?? nameOf(outcome.account ?? decision.account ?? null));
    this.#tellDone(subject, decision, message);
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
    return this.#wait(subject, decision, 'Progressing', message, next, { keepsRequest: true });
  }

  async #giveUp(subject: GrantSubject, decision: Act): Promise<ActionResult> {
    this.#freeSeat(subject.object.metadata.uid);
    const last = subject.object.status?.lastAction;
    const message = `Asana took ${decision.action.type} and does not show it after three minutes. Look in the Admin Console, then set the annotation requestedAt.`;
    return this.#wait(subject, decision, 'LicenseNotAccepted', message, null, {
      ...(last ? { lastAction: { ...last, result: 'Unconfirmed' } } : {}),
    });
  }

  async #recordAnswer(subject: GrantSubject, decision: Act, planned: HoldFields): Promise<ActionResult> {
    const message = 'The removal was acknowledged.';
    await this.#wait(subject, decision, 'RemovalPending', message, null, { planned, keepsRequest: true });
    return { kind: 'Again' };
  }

  async #fail(subject: GrantSubject, decision: Act, error: unknown): Promise<ActionResult> {
    const reason = grantReasonOf(error);
    if (!reason || !(error instanceof CodedError)) {
      if (this.#whereaboutsOf(subject) !== 'Sent') this.#freeSeat(subject.object.metadata.uid);
      throw error;
    }
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(subject.connectorKey, 'CredentialsRejected');
    const { object } = subject;
    const stalls = error.errorClass === 'stalling' && reason !== 'ConnectorNotReady';
    if (stalls) this.#refusedOn.set(object.metadata.uid, fingerprintOf(subject, decision.action));
    const last = object.status?.lastAction;
    // What was refused, and what never left, is not under way.
    const ended = last?.result === 'Pending' && !(isAsanaError(error) && error.outcomeUnknown);
    if (ended) this.#freeSeat(object.metadata.uid);
    const { hold, answer, notBefore } = object.status?.planned ?? {};
    await this.#wait(subject, decision, reason, error.message, null, {
      planned: {
        ...(hold === undefined ? {} : { hold }),
        ...(answer === undefined ? {} : { answer }),
        ...(notBefore === undefined ? {} : { notBefore }),
      },
      ...(ended ? { lastAction: { ...last, result: 'Failed' } } : {}),
    });
    // The queue knows how long to wait for an error of this class.
    if (error.errorClass !== 'stalling') throw error;
    return { kind: 'Wait', afterMs: null };
  }

  /** Writes why the action waits, and says when to come again. */
  async #wait(
    { kind, object, context }: GrantSubject,
    { action, message: why, drift, account, right, observed }: Act,
    reason: GrantReason,
    message: string,
    afterMs: number | null,
    more: Omit<Partial<GrantFindings>, 'planned'> & { readonly planned?: HoldFields } = {},
  ): Promise<ActionResult> {
    const { planned, ...findings } = more;
    await this.#reporter.report(
      { kind, object },
      {
        ...findings,
        outcome: { reason, message, drifted: drift ? why : null },
        account: account ?? undefined,
        right,
        observed,
        reading: context.reading,
        planned: { action: action.type, reason: why, ...planned },
      },
    );
    return { kind: 'Wait', afterMs };
  }

  #limited<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, actionTimeoutMs: ms } = this.#deps;
    return withTimeLimit({ clock, ms, signal }, work);
  }

  #requestFor(
    { kind, object, connector }: GrantSubject,
    session: ConnectorSession,
    action: Action,
    signal: AbortSignal,
  ): ActionRequest {
    const { asana, directory } = session;
    if (!asana) throw new TypeError('an action without clients');
    const { namespace, name } = connector.metadata;
    return {
      connector: { namespace, name },
      session: asana,
      directory,
      userTypes: connector.spec.scim.userTypes,
      action,
      requester: { type: 'Object', ...identityOf({ kind, object }) },
      reason: object.spec.reason ?? null,
      signal,
    };
  }

  #tellDone({ kind, object, connector }: GrantSubject, { action, drift }: Act, message: string): void {
    if (!drift) {
      this.#reporter.tell({ kind, object }, 'Normal', rulesOf(action).event, message, action.type);
      return;
    }
    const { namespace, name } = connector.metadata;
    this.#drifts.add(1, { namespace, connector: name });
    const note = `${message} Somebody else had changed it.`;
    this.#reporter.tell({ kind, object }, 'Warning', 'DriftCorrected', note, action.type);
  }

  #freeSeat(uid: string): void {
    this.#seats.get(uid)?.();
    this.#seats.delete(uid);
  }
}

function isCreation({ type }: Action): boolean {
  return type === 'CreateAccount' || type === 'InviteAccount';
}
