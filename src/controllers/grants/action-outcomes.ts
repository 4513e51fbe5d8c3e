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
import { grantReasonOf, NotYetError, OutdatedDecisionError } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';
import { EditedMeanwhileError } from './prompt-word.ts';
import type { Seats } from './seats.ts';

type Act = Extract<Decision, { kind: 'Act' }>;

/** The result of carrying out a decision. */
export type ActionResult =
  /** The status says why. Try again after `afterMs`, or when something changes (`null`). */
  | { readonly kind: 'Wait'; readonly afterMs: number | null }
  /** The findings require another decision. */
  | { readonly kind: 'Again' }
  /** A person discarded the removal: it is not carried out. */
  | { readonly kind: 'Discarded'; readonly planned: HoldFields }
  | {
      readonly kind: 'Done';
      readonly object: GrantObject;
      /** What the next status records about it. */
      readonly done: Partial<GrantFindings>;
      readonly message: string;
    };

/** How far an action got before it failed. */
export interface FailedAct {
  /** True if what was sent may still take effect. */
  readonly isUnderWay: boolean;
  /** The id under which the action was recorded; `null` for a check, or if it failed before that. */
  readonly intent: string | null;
  /** The hold fields with which the gate let it pass; `null` for a check. */
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

/** The messages for a change that Asana does not show. */
const NOT_SHOWN: Readonly<Record<Whereabouts, string>> = {
  Accepted: 'Asana accepted the change but does not show it yet.',
  Unanswered: `Asana did not respond to the change and does not show it. ${CHECKED_FIRST}`,
  NotSent: 'The change was not sent.',
  Unknown: `A previous process may have sent the change, but Asana does not show it. ${CHECKED_FIRST}`,
};

/** Handles the outcome of an action: it is done, is not shown yet, is given up, or failed. */
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

  /** Forgets the action of a grant: nothing is in progress (any more), and Asana is as declared. */
  forget(uid: string): void {
    this.#drop(uid);
    this.#seats.keep(uid);
  }

  /** Forgets the action of a grant that is gone or released, whatever is still in progress. */
  abandon(uid: string): void {
    this.#drop(uid);
    this.#seats.doubt(uid);
  }

  #drop(uid: string): void {
    this.#waits.forget(uid);
    this.#begun.forget(uid);
  }

  /** Handles the outcome that the executor returned. */
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
        // A created account is recorded with the action, even if the connector was stopped meanwhile.
        ...(created ? { created: { gid: created.gid, at: formatTime(now) }, account: created } : {}),
        ...(drift ? { drift: countDrift(object, now) } : {}),
      },
    };
  }

  /** Schedules the next check, 5, 15, 60 and 180 s after the change, or gives up if Asana had accepted the change. */
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

  /** Gives up on a change that Asana accepted but does not show; a person has to check. */
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
   * Handles an error during an action.
   * @throws the error if the queue has to retry it, or if it does not concern the grant
   */
  async fail(
    subject: GrantSubject,
    decision: Act,
    error: unknown,
    { isUnderWay, intent, planned }: FailedAct,
  ): Promise<ActionResult> {
    if (!isUnderWay && isRetried(error)) this.#seats.freeUntold(subject);
    else if (!isUnderWay) this.#seats.free(subject);
    if (isOutdated(error)) return { kind: 'Again' };
    const { metadata, status } = subject.object;
    // A wait of some seconds is not reported, unless an edit has yet to be observed.
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
    // The queue determines the delay for an error of this class.
    if (error.errorClass !== 'stalling') throw error;
    return { kind: 'Wait', afterMs: null };
  }

  /** Requeues the connector at once if Asana rejected its credentials. */
  tellRejected({ connectorKey }: GrantSubject, error: unknown): void {
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(connectorKey, 'CredentialsRejected');
  }
}

/** Whether the queue tries again after an error, sooner or later. */
function isRetried(error: unknown): boolean {
  return !isOutdated(error) && !(error instanceof CodedError && error.errorClass === 'stalling');
}

/** Whether an error only means that the grant has to be decided again, now. */
function isOutdated(error: unknown): boolean {
  return (
    error instanceof OutdatedDecisionError ||
    error instanceof EditedMeanwhileError ||
    error instanceof CredentialsGoneError
  );
}
