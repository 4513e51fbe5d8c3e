import type { Action, ActionType } from './action.ts';
import { rulesOf } from './actions.ts';

/** A change of one grant that was begun; kept in the grant's status, so that it survives the process. */
export interface Attempt {
  readonly id: string;
  readonly type: ActionType;
  /** Epoch milliseconds, when its intent was recorded. */
  readonly at: number;
  /** What it leads to: a license, a role, `Active`; null for a removal. */
  readonly to: string | null;
  /** Pending until Asana was seen to show it; Unconfirmed when that was given up. */
  readonly result: 'Pending' | 'Succeeded' | 'Failed' | 'Unconfirmed';
}

/** What is to be done about an action that is decided on, given what is under way. */
export type NextStep =
  | 'Send'
  /** It was sent already: see whether Asana shows it. */
  | 'Look'
  /** Asana had its time to show it. */
  | 'GiveUp'
  /** It was given up, and nobody has asked since. */
  | 'Stay';

/** Asana may show an old value for a while: it is looked at again so long after the change, then given up. */
const LOOK_AFTER_MS = [5_000, 15_000, 60_000, 180_000] as const;
/** The last look, which comes a little after its time, may take as long as an action. */
export const GIVE_UP_AFTER_MS = 180_000 + 60_000;

/** When to look again, milliseconds from now, `elapsedMs` after the change; null when it is not to be expected any more. */
export function nextLook(elapsedMs: number): number | null {
  // A clock that was set back must not make this wait for hours.
  const elapsed = Math.max(0, elapsedMs);
  const next = LOOK_AFTER_MS.find((after) => after > elapsed);
  return next === undefined ? null : next - elapsed;
}

/**
 * When to come again, milliseconds from now, after a look that did not show the change; null when it is given up. What nobody
 * knows to have arrived is not: once Asana has had its time to show it, it is sent again.
 */
export function waitAfterLook(elapsedMs: number, whereabouts: Whereabouts): number | null {
  const next = nextLook(elapsedMs);
  if (next !== null || whereabouts === 'Accepted') return next;
  return Math.max(1, GIVE_UP_AFTER_MS + 1 - elapsedMs);
}

/** Whether Asana may still come to show a change, of which nobody knows what became. */
export function isLookedFor(attempt: Attempt | null, now: number): attempt is Attempt {
  // A clock that was set back must not make this last for hours.
  return attempt?.result === 'Pending' && Math.abs(now - attempt.at) <= GIVE_UP_AFTER_MS;
}

/** What this process knows of an attempt. */
export type Whereabouts =
  /** Asana said yes to it. */
  | 'Accepted'
  /** Its request left and was not answered: Asana may have done it, or never seen it. */
  | 'Unanswered'
  | 'NotSent'
  /** Another process began it. */
  | 'Unknown';

/**
 * What is next for `action`. What may be sent twice is sent again when it was not answered, after a restart, and when a person
 * asks; what may not is looked for until Asana has had its time to show it.
 * @param asked a person has edited the object, or asked for another try, since
 */
export function nextStep(
  attempt: Attempt | null,
  action: Action,
  now: number,
  { asked, whereabouts }: { readonly asked: boolean; readonly whereabouts: Whereabouts },
): NextStep {
  if (!attempt || attempt.type !== action.type) return 'Send';
  const { oneWay } = rulesOf(action);
  switch (attempt.result) {
    case 'Succeeded':
    case 'Failed':
      return 'Send';
    case 'Unconfirmed':
      return asked ? 'Send' : 'Stay';
    case 'Pending': {
      if (whereabouts === 'NotSent' || (!oneWay && (asked || whereabouts !== 'Accepted'))) return 'Send';
      if (now - attempt.at <= GIVE_UP_AFTER_MS) return 'Look';
      // Nobody knows that it arrived, and Asana has had its time to show it: it did not.
      return whereabouts === 'Accepted' ? 'GiveUp' : 'Send';
    }
  }
}

/** Asana took it, or may have, and nobody knows yet. */
export function isOpen(attempt: Attempt | null): attempt is Attempt {
  return attempt?.result === 'Pending' || attempt?.result === 'Unconfirmed';
}
