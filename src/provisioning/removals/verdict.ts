import type { DoubtReason } from '../../directory/doubt.ts';
import type { Verdict } from './demand.ts';
import type { PendingRemoval } from './pending-removal.ts';

/** What the verdict on one removal depends on. */
export interface Grounds {
  /** The token under which it is in the standing hold; `null` if it is in none. */
  readonly heldAs: string | null;
  /** Whether every grant of the connector is decided. */
  readonly allSeen: boolean;
  readonly doubt: DoubtReason | null;
}

/** Returns the desk's verdict on a removal. A person's answer is recorded first, whatever else there is to wait for. */
export function verdictOn({ answer }: PendingRemoval, { heldAs, allSeen, doubt }: Grounds): Verdict {
  if (answer?.word === 'discard') return { kind: 'Discarded', hold: answer.hold, recorded: answer.recorded };
  if (answer && !answer.recorded) return { kind: 'Acknowledged', hold: answer.hold, recorded: false };
  if (!answer && heldAs !== null) return { kind: 'Held', hold: heldAs };
  if (!allSeen) return { kind: 'Waits', on: 'Counting' };
  if (doubt) return { kind: 'Waits', on: doubt };
  return answer ? { kind: 'Acknowledged', hold: answer.hold, recorded: true } : { kind: 'Free' };
}

/** Whether a verdict lets the removal go ahead. */
export function mayGo(verdict: Verdict): boolean {
  return verdict.kind === 'Free' || (verdict.kind === 'Acknowledged' && verdict.recorded);
}
