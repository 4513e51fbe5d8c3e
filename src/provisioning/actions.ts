import type { AsanaError } from '../asana/errors.ts';
import { accountActions } from './account/actions.ts';
import type { Action, ActionType } from './action.ts';
import type { ActionRules } from './action-rules.ts';
import { licenseActions } from './license/actions.ts';
import { teamActions } from './team/actions.ts';
import { workspaceActions } from './workspace/actions.ts';

const table: { readonly [T in ActionType]: ActionRules<Extract<Action, { type: T }>> } = {
  ...licenseActions,
  ...accountActions,
  ...teamActions,
  ...workspaceActions,
};

/** The rules of an action. */
export function rulesOf<A extends Action>({ type }: A): ActionRules<A> {
  return table[type] as unknown as ActionRules<A>;
}

/** The action lowers somebody's access. */
export function isRemoval({ type }: { readonly type: ActionType }): boolean {
  return table[type].removal;
}

/** The action ends in an enterprise license. */
export function takesSeat(type: ActionType): boolean {
  return table[type].takesSeat;
}

/** The action must not be repeated blindly. */
export function isOneWay(type: ActionType): boolean {
  return table[type].oneWay;
}

/** Only reading tells what became of it: the answer was lost, or it conflicts with what came into being meanwhile. */
export function mayHaveTakenEffect({ type }: Action, { code, outcomeUnknown }: AsanaError): boolean {
  if (outcomeUnknown || code === 'Conflict') return true;
  return !table[type].refusalIsFinal && (code === 'AsanaRefused' || code === 'NotFound');
}
