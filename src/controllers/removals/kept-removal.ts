import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { ActionType } from '../../provisioning/action.ts';
import type { Verdict } from '../../provisioning/removals/demand.ts';

type Planned = NonNullable<NonNullable<GrantObject['status']>['planned']>;

/** What `status.planned` says of a removal besides the action. */
export type HoldFields = Pick<Planned, 'hold' | 'answer' | 'since' | 'notBefore'>;

/** What is to be kept of a removal that is not carried out now. */
export interface KeptRemoval {
  readonly planned: HoldFields;
  /** What the desk holds; the status may not say so yet, where an edit came before its first word on this removal. */
  readonly heldFor?: ActionType;
  /** A person's answer that is not on the grant yet: it is recorded there, whatever the removal waits for. */
  readonly answer: 'acknowledge' | 'discard' | null;
}

/**
 * What the status says of a removal, kept where nothing new is known of it. The hold outlives an edit; an answer and a delay
 * belong to the generation that they were for.
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

/** What the status plans, where nothing new is known of it; null for nothing. */
export function plannedBefore(object: GrantObject): Planned | null {
  const { planned } = object.status ?? {};
  return planned ? { action: planned.action, reason: planned.reason, ...keptFields(object) } : null;
}

/** A removal that cannot be decided now is planned still, and held as the desk says; null for none. */
export function plannedStill({ status }: GrantObject, kept: KeptRemoval | null): Planned | null {
  const { planned } = status ?? {};
  const action = kept?.heldFor ?? planned?.action;
  if (!kept || action === undefined) return null;
  const reason = planned?.action === action ? planned.reason : 'The removal was held before the last edit.';
  return { action, reason, ...kept.planned };
}

/** What the status says of the answer of a person who let the removal be. */
export function discardedFields(
  { metadata }: GrantObject,
  kept: KeptRemoval | null,
): { readonly discardedGeneration?: number } {
  return kept?.answer === 'discard' ? { discardedGeneration: metadata.generation } : {};
}

/** A person's answer in a verdict that the grant does not have yet; null for none. */
export function newAnswerIn(verdict: Verdict): KeptRemoval['answer'] {
  if (verdict.kind === 'Discarded' && !verdict.recorded) return 'discard';
  return verdict.kind === 'Acknowledged' && !verdict.recorded ? 'acknowledge' : null;
}

/**
 * What the status says of a removal that cannot be decided now, when the desk has said whether it is held. With `since` this
 * is of this generation: the desk knows what it asks for.
 * @param now epoch milliseconds
 */
export function undecidedFields(object: GrantObject, verdict: Verdict, now: number): HoldFields {
  const kept = keptFields(object);
  const { answer: _, since = formatTime(now), ...earlier } = kept;
  if (verdict.kind === 'Free' || verdict.kind === 'Waits') return kept;
  const held = { ...earlier, since, hold: verdict.hold };
  return verdict.kind === 'Acknowledged' ? { ...held, answer: 'Acknowledged' } : held;
}
