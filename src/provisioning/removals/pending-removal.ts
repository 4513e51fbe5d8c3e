import type { Answer, Demand } from './demand.ts';
import { formatHoldToken } from './hold-token.ts';

/** An answer that a removal has. */
export interface GivenAnswer {
  readonly word: Answer;
  /** The token under which the removal was held. */
  readonly hold: string;
  /** It is on the grant, where no restart forgets it. */
  readonly recorded: boolean;
}

/** One demand, and what became of it so far. */
export interface PendingRemoval {
  readonly demand: Demand;
  readonly answer: GivenAnswer | null;
  /** It was held once, and is in no hold as it is now asked for: it has to join one, whatever the limits say. */
  readonly mustJoin: boolean;
  /** Its request has left. */
  readonly sent: boolean;
}

/**
 * Takes up what a grant asks for. A removal that was ever held is from then on either in a hold, or answered for
 * exactly what it asks for, or has to join.
 * @param before what the desk knew of this grant
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

/** Whether a hold takes it in: not what is answered, and not what has left already. */
export function canBeHeld({ answer, sent }: PendingRemoval): boolean {
  return answer === null && !sent;
}

/** Whether the limits count it as pending: not what surprises nobody either. */
export function isCounted(removal: PendingRemoval): boolean {
  return canBeHeld(removal) && !removal.demand.onTime;
}
