import type { Action, ActionType } from './action.ts';
import { rulesOf } from './actions.ts';

/** An action of a grant that was begun; kept in the grant's status, so that it survives the process. */
export interface Attempt {
  readonly id: string;
  readonly type: ActionType;
  /** Epoch milliseconds, when its intent was recorded. */
  readonly at: number;
  /** What it leads to: a license, a role, `Active`; `null` for a removal. */
  readonly to: string | null;
  /** `Pending` until Asana has shown the change; `Unconfirmed` if the operator has given up waiting for that. */
  readonly result: 'Pending' | 'Succeeded' | 'Failed' | 'Unconfirmed';
}

/** What to do about an action that was decided on, given the attempt that is on record. */
export type NextStep =
  | 'Send'
  /** It was sent already: check whether Asana shows it. */
  | 'Look'
  /** Asana has not shown it in time. */
  | 'GiveUp'
  /** It was given up, and no edit or request has come since. */
  | 'Stay';

/** When to look for a change again: Asana may show an old value for a while. After the last look it is given up. */
const LOOK_AFTER_MS = [5_000, 15_000, 60_000, 180_000] as const;
/** Leaves the last look, which may begin a little late, as much time as an action. */
export const GIVE_UP_AFTER_MS = 180_000 + 60_000;

/** Returns when to look again, milliseconds from now, `elapsedMs` after the change; `null` after the last look. */
export function nextLook(elapsedMs: number): number | null {
  // A clock that was set back must not make this wait for hours.
  const elapsed = Math.max(0, elapsedMs);
  const next = LOOK_AFTER_MS.find((after) => after > elapsed);
  return next === undefined ? null : next - elapsed;
}

/**
 * Returns when to come again, milliseconds from now, after a look that did not show the change; `null` if it is given
 * up. A change that is not known to be accepted is not given up: once the time to show it has passed, it is sent again.
 */
export function waitAfterLook(elapsedMs: number, whereabouts: Whereabouts): number | null {
  const next = nextLook(elapsedMs);
  if (next !== null || whereabouts === 'Accepted') return next;
  return Math.max(1, GIVE_UP_AFTER_MS + 1 - elapsedMs);
}

/** Whether Asana may still show the change of an attempt whose outcome is not known. */
export function isLookedFor(attempt: Attempt | null, now: number): attempt is Attempt {
  // A clock that was set back must not make this last for hours.
  return attempt?.result === 'Pending' && Math.abs(now - attempt.at) <= GIVE_UP_AFTER_MS;
}

/** What this process knows of an attempt. */
export type Whereabouts =
  /** Asana accepted it. */
  | 'Accepted'
  /** Its request left and was not answered: Asana may have carried it out, or never received it. */
  | 'Unanswered'
  | 'NotSent'
  /** Another process began it. */
  | 'Unknown';

/**
 * Returns what is next for `action`. A repeatable action is sent again if it was not answered, after a restart, and if
 * a person asks; a one-way action is looked for until the time for Asana to show it has passed.
 * @param asked true if a person has edited the object, or asked for another try, since
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
      // A change that is not known to have arrived, and that Asana has not shown in time, counts as not arrived.
      return whereabouts === 'Accepted' ? 'GiveUp' : 'Send';
    }
  }
}

/** Whether Asana has, or may have, accepted an attempt without having shown its effect. */
export function isOpen(attempt: Attempt | null): attempt is Attempt {
  return attempt?.result === 'Pending' || attempt?.result === 'Unconfirmed';
}
