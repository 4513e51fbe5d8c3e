import type { GrantObject } from '../../api/kinds.ts';
import { isAsanaError } from '../../asana/errors.ts';
import { formatTime } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { isCreation } from '../../provisioning/action.ts';
import { rulesOf } from '../../provisioning/actions.ts';
import { type Whereabouts, waitAfterLook } from '../../provisioning/attempt.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { ActionOutcome } from '../../provisioning/executor.ts';
import { nameOf } from '../../provisioning/right-rules.ts';
import type { HoldFields } from '../removals/kept-removal.ts';
import { appliedBy, countDrift, lastActionOf } from './action-record.ts';
import { CredentialsGoneError } from './action-request.ts';
import type { ActionWaits } from './action-waits.ts';
import type { BegunAttempts } from './begun-attempts.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import { grantReasonOf, NotYetError } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { EditedMeanwhileError } from './prompt-word.ts';
import type { Seats } from './seats.ts';

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
export interface FailedAct {
  /** What was sent may still take effect. */
  readonly isUnderWay: boolean;
  /** The id under which it was recorded; null for a look, or before that. */
  readonly intent: string | null;
  /** What the gate let through; null for a look. */
  readonly planned: HoldFields | null;
}

interface OutcomeParts {
  readonly deps: Pick<GrantDeps, 'clock' | 'touchConnector'>;
  readonly reporter: GrantReporter;
  readonly waits: ActionWaits;
  readonly begun: BegunAttempts;
  readonly seats: Seats;
}

const CHECKED_FIRST = 'The operator checks Asana before it sends the change again.';

/** Of what is looked for in vain. */
const NOT_SHOWN: Readonly<Record<Whereabouts, string>> = {
  Accepted: 'Asana accepted the change but does not show it yet.',
  Unanswered: `Asana did not respond to the change and does not show it. ${CHECKED_FIRST}`,
  NotSent: 'The change was not sent.',
  Unknown: `A previous process may have sent the change, but Asana does not show it. ${CHECKED_FIRST}`,
};

/** What becomes of an action that Asana was asked for: it is done, is not shown yet, is given up, or failed. */
export class ActionOutcomes {
  readonly #deps: OutcomeParts['deps'];
  readonly #reporter: GrantReporter;
  readonly #waits: ActionWaits;
  readonly #begun: BegunAttempts;
  readonly #seats: Seats;

  constructor({ deps, reporter, waits, begun, seats }: OutcomeParts) {
    this.#deps = deps;
    this.#reporter = reporter;
    this.#waits = waits;
    this.#begun = begun;
    this.#seats = seats;
  }

  /** Nothing is under way (any more): all is as declared. */
  forget(uid: string): void {
    this.#drop(uid);
    this.#seats.keep(uid);
  }

  /** The object is gone or let go, whatever was under way. */
  abandon(uid: string): void {
    this.#drop(uid);
    this.#seats.doubt(uid);
  }

  #drop(uid: string): void {
    this.#waits.forget(uid);
    this.#begun.forget(uid);
  }

  /** Asana was asked, and answered. */
  async conclude(subject: GrantSubject, decision: Act, outcome: ActionOutcome): Promise<ActionResult> {
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
    const created = isCreation(action) && !outcome.byOthers ? outcome.account : null;
    const who = action.email ?? nameOf(outcome.account ?? decision.account ?? null);
    const message = rulesOf(action).describe(action, who, outcome.account);
    this.#reporter.tellDone(subject, decision, message);
    return {
      kind: 'Done',
      object,
      message,
      done: {
        lastAction: lastActionOf(action, outcome.id, at, result),
        ...(result === 'Succeeded' ? appliedBy(subject, decision, outcome.account) : {}),
        // Whom it has created is on record with it, also where the connector was stopped meanwhile.
        ...(created ? { created: { gid: created.gid, at: formatTime(now) }, account: created } : {}),
        ...(drift ? { drift: countDrift(object, now) } : {}),
      },
    };
  }

  /** Looked at again after 5, 15, 60 and 180 s; then Asana is taken at its word that it does not do it. */
  async #awaitOutcome(subject: GrantSubject, decision: Act): Promise<ActionResult> {
    const { metadata, status } = subject.object;
    const last = status?.lastAction;
    const elapsed = last ? this.#deps.clock.now() - Date.parse(last.at) : 0;
    const whereabouts = this.#begun.whereabouts(metadata.uid, last?.id);
    const next = waitAfterLook(elapsed, whereabouts);
    if (next === null) return this.giveUp(subject, decision);
    const message = NOT_SHOWN[whereabouts];
    return this.#waits.say(subject, decision, 'Progressing', message, next, { keepsRequest: true });
  }

  /** Nothing is looked for any longer; a person is to look. */
  async giveUp(subject: GrantSubject, decision: Act): Promise<ActionResult> {
    this.#seats.doubt(subject.object.metadata.uid);
    const last = subject.object.status?.lastAction;
    const message = `Asana accepted ${decision.action.type} but does not show the result after three minutes. Check the Admin Console, then set the annotation requestedAt.`;
    return this.#waits.say(
      subject,
      decision,
      'LicenseNotAccepted',
      message,
      null,
      last ? { lastAction: { ...last, result: 'Unconfirmed' } } : {},
    );
  }

  /**
   * Something was thrown on the way.
   * @throws the error where the queue is to come back for it, or it is none of the grant's business
   */
  async fail(
    subject: GrantSubject,
    decision: Act,
    error: unknown,
    { isUnderWay, intent, planned }: FailedAct,
  ): Promise<ActionResult> {
    if (!isUnderWay) this.#seats.free(subject);
    if (error instanceof EditedMeanwhileError || error instanceof CredentialsGoneError)
      return { kind: 'Again' };
    const { metadata, status } = subject.object;
    // Some seconds are waited for without a word, unless an edit has still to be observed.
    if (error instanceof NotYetError && status?.observedGeneration === metadata.generation) throw error;
    const reason = grantReasonOf(error);
    if (!reason || !(error instanceof CodedError)) throw error;
    this.tellRejected(subject, error);
    const last = status?.lastAction;
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

  /** The connector is looked at as soon as Asana rejects its credentials. */
  tellRejected({ connectorKey }: GrantSubject, error: unknown): void {
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(connectorKey, 'CredentialsRejected');
  }
}
