import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { isLookedFor, nextLook } from '../../provisioning/attempt.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { plannedBefore } from '../removals/kept-removal.ts';
import { confirmedBy } from './action-record.ts';
import type { GrantActions } from './grant-actions.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';

type Settled = Extract<Decision, { kind: 'Settled' }>;

/** Settles grants that are as declared: in mode Apply it records the right and adds the finalizer for revoking it. */
export class GrantSettlements {
  readonly #deps: GrantDeps;
  readonly #reporter: GrantReporter;
  readonly #actions: GrantActions;

  constructor(deps: GrantDeps, reporter: GrantReporter, actions: GrantActions) {
    this.#deps = deps;
    this.#reporter = reporter;
    this.#actions = actions;
  }

  /**
   * Whether the person has to be looked up individually before the grant is reported as settled: another change, sent
   * before an edit, may still be in progress, and no reading shows it yet.
   */
  isToBeLookedAt(subject: GrantSubject, decision: Settled): boolean {
    const { view, context } = subject;
    return isLookedFor(view.attempt, context.now) && !confirmedBy(subject, decision).lastAction;
  }

  /**
   * @param done what this reconcile has already done
   * @returns the updated object, and after how many milliseconds to check whether Asana comes to show something else;
   *   `null` for never
   */
  async settle(
    subject: GrantSubject,
    decision: Settled,
    done: Partial<GrantFindings>,
  ): Promise<{ readonly written: GrantObject; readonly stillMs: number | null }> {
    const { kind, context, view, connectorKey } = subject;
    let { object } = subject;
    const { applied, reason, message, account, right, observed } = decision;
    const acts = context.policies.mode === 'Apply';
    const removed = reason === 'Removed';
    if (acts && applied) object = await this.#deps.writer(kind).addFinalizer(object, REVOKE_FINALIZER);
    const findings = { ...confirmedBy(subject, decision), ...done };
    // The right was given before the connector went to mode Plan; the finalizer has been there since.
    const given = findings.lastAction?.result === 'Succeeded' && applied?.adopted === false;
    const inherited = acts && applied ? (subject.inheritedCreation ?? undefined) : undefined;
    const written = await this.#reporter.report(
      { kind, object },
      {
        account,
        right,
        observed,
        reading: context.reading,
        ...findings,
        created: findings.created ?? inherited,
        outcome: { reason, message: removed ? describeAbsence(message, findings, object) : message },
        // A right that is declared absent and is gone no longer counts as applied, even in mode Plan.
        ...((acts && applied) || given || removed ? { applied } : {}),
        removedGeneration: removed ? this.#removedGenerationOf(subject) : undefined,
        // A postponed removal stays held, and joins its hold again when it begins.
        planned: reason === 'Scheduled' && object.status?.planned?.hold ? plannedBefore(object) : null,
      },
    );
    const { lastAction } = findings;
    if (lastAction)
      this.#deps.touchConnector(connectorKey, lastAction.from === 'Enterprise' ? 'SeatFreed' : 'Counts');
    if (acts && applied?.adopted && applied.at === '' && view.applied === null) {
      const note = `${message} The person already had this access; the grant keeps it.`;
      this.#reporter.tell({ kind, object: written }, 'Normal', 'Adopted', note);
    }
    // Another change that was sent may still show; until then, its license is reserved.
    const { attempt } = view;
    const awaits = !lastAction && isLookedFor(attempt, context.now);
    const stillMs = awaits ? nextLook(context.now - attempt.at) : null;
    // A grant that has not begun is not looked up, so what was sent may have been given.
    if (stillMs === null && reason === 'Scheduled') this.#actions.abandon(object.metadata.uid);
    else if (stillMs === null) this.#actions.forget(object.metadata.uid);
    return { written, stillMs };
  }

  /** Returns the generation to record as removed. Mode Plan sees an absence but enforces none: the record stays. */
  #removedGenerationOf({ object, context }: GrantSubject): number | undefined {
    const acts = context.policies.mode === 'Apply';
    return acts ? object.metadata.generation : object.status?.removedGeneration;
  }
}

/** Says whether there was no account from the start, or this object removed it. */
function describeAbsence(
  message: string,
  { lastAction }: Partial<GrantFindings>,
  { status }: GrantObject,
): string {
  const last = lastAction ?? status?.lastAction;
  return last?.result === 'Succeeded' && last.to === undefined
    ? `${message} This object removed the account at ${last.at}.`
    : `${message} Asana had no such account from the start.`;
}
