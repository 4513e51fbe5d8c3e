import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { ActionType } from '../../provisioning/action.ts';
import type { Verdict } from '../../provisioning/removals/demand.ts';

type Planned = NonNullable<NonNullable<GrantObject['status']>['planned']>;

/** The fields of `status.planned` about a removal, besides the action. */
export type HoldFields = Pick<Planned, 'hold' | 'answer' | 'since' | 'notBefore'>;

/** What to keep of a removal that is not carried out now. */
export interface KeptRemoval {
  readonly planned: HoldFields;
  /** The action that the desk holds; the status does not show it yet if an edit came before it was first written. */
  readonly heldFor?: ActionType;
  /** A person's answer that is not on the grant yet; it is recorded there, whatever the removal waits for. */
  readonly answer: 'acknowledge' | 'discard' | null;
}

/**
 * Returns what the status says about a removal, to keep if nothing new is known. The hold outlives an edit; an answer
 * and a delay belong to the generation that they were for.
 */
export function keptFields({ metadata, status }: GrantObject): HoldFields {
  const { hold, answer, since, notBefore } = status?.planned ?? {};
  const same = status?.observedGeneration === metadata.generation;
  return {
    ...(hold === undefined ? {} : { hold }),
    ...(answer === undefined || !same ? {} : { answer }),
    ...(since === undefined || !same ? {} : { since }),
    ...(notBefore === undefined || !same ? {} : { notBefore }),
  };
}

/** Returns what the status plans, to keep if nothing new is known; `null` for nothing. */
export function plannedBefore(object: GrantObject): Planned | null {
  const { planned } = object.status ?? {};
  return planned ? { action: planned.action, reason: planned.reason, ...keptFields(object) } : null;
}

/** Returns the plan for a removal that cannot be decided now, held as the desk says; `null` if there is none. */
export function plannedStill({ status }: GrantObject, kept: KeptRemoval | null): Planned | null {
  const { planned } = status ?? {};
  const action = kept?.heldFor ?? planned?.action;
  if (!kept || action === undefined) return null;
  const reason = planned?.action === action ? planned.reason : 'The removal was held before the last edit.';
  return { action, reason, ...kept.planned };
}

/** Returns the status field that records that a person discarded the removal. */
export function discardedFields(
  { metadata }: GrantObject,
  kept: KeptRemoval | null,
): { readonly discardedGeneration?: number } {
  return kept?.answer === 'discard' ? { discardedGeneration: metadata.generation } : {};
}

/** Returns a person's answer in a verdict that is not on the grant yet; `null` if there is none. */
export function newAnswerIn(verdict: Verdict): KeptRemoval['answer'] {
  if (verdict.kind === 'Discarded' && !verdict.recorded) return 'discard';
  return verdict.kind === 'Acknowledged' && !verdict.recorded ? 'acknowledge' : null;
}

/**
 * Returns what the status says about a removal that cannot be decided now, given the desk's verdict. A `since` marks it
 * as of this generation: the desk knows what it asks for.
 * @param now epoch milliseconds
 */
export function undecidedFields(object: GrantObject, verdict: Verdict, now: number): HoldFields {
  const kept = keptFields(object);
  const { answer: _, since = formatTime(now), ...earlier } = kept;
  if (verdict.kind === 'Free' || verdict.kind === 'Waits') return kept;
  const held = { ...earlier, since, hold: verdict.hold };
  return verdict.kind === 'Acknowledged' ? { ...held, answer: 'Acknowledged' } : held;
}
