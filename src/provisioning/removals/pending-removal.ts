import type { Answer, Demand } from './demand.ts';
import { formatHoldToken } from './hold-token.ts';

/** The answer to a removal. */
export interface GivenAnswer {
  readonly word: Answer;
  /** The token under which the removal was held. */
  readonly hold: string;
  /** True if it is recorded in the grant's status, where it survives a restart. */
  readonly recorded: boolean;
}

/** One demand and its state. */
export interface PendingRemoval {
  readonly demand: Demand;
  readonly answer: GivenAnswer | null;
  /** True if it was held before and is in no hold with its current content: it has to join one, whatever the limits. */
  readonly mustJoin: boolean;
  /** True if its request has left. */
  readonly sent: boolean;
}

/**
 * Returns the state of a demand that a grant makes. A removal that was ever held is from then on in a hold, or answered
 * for exactly its current content, or has to join a hold.
 * @param before the state that the desk knows so far; `null` for none
 * @param held whether it is in the standing hold
 */
export function takeUp(demand: Demand, before: PendingRemoval | null, held: boolean): PendingRemoval {
  const { recorded, content } = demand;
  const known = before?.demand.content === content ? before : null;
  if (recorded?.answer && recorded.content === content) {
    const answer = { word: recorded.answer, hold: formatHoldToken(recorded), recorded: true };
    return { demand, answer, mustJoin: false, sent: known?.sent ?? false };
  }
  if (known) {
    const mustJoin = known.mustJoin || (recorded !== null && known.answer === null && !held);
    return { ...known, demand, mustJoin, sent: known.sent && !mustJoin };
  }
  const wasHeld =
    held || recorded !== null || (before !== null && (before.mustJoin || before.answer !== null));
  return { demand, answer: null, mustJoin: wasHeld, sent: false };
}

/** Whether a hold takes the removal in: not if it is answered, or its request has left. */
export function canBeHeld({ answer, sent }: PendingRemoval): boolean {
  return answer === null && !sent;
}

/** Whether the limits count the removal as pending: if it can be held, and is not an expected end. */
export function isCounted(removal: PendingRemoval): boolean {
  return canBeHeld(removal) && !removal.demand.onTime;
}
