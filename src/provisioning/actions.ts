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

/** Returns the rules of an action. */
export function rulesOf<A extends Action>({ type }: A): ActionRules<A> {
  return table[type] as unknown as ActionRules<A>;
}

/** Whether the action lowers a person's access. */
export function isRemoval({ type }: { readonly type: ActionType }): boolean {
  return table[type].removal;
}

/** Whether the action gives an enterprise license. */
export function takesSeat(type: ActionType): boolean {
  return table[type].takesSeat;
}

/** Whether the action must not be repeated without a look at Asana first. */
export function isOneWay(type: ActionType): boolean {
  return table[type].oneWay;
}

/** Whether a failed action may have taken effect: its answer was lost, it conflicts, or its refusal is not final. */
export function mayHaveTakenEffect({ type }: Action, { code, outcomeUnknown }: AsanaError): boolean {
  if (outcomeUnknown || code === 'Conflict') return true;
  return !table[type].refusalIsFinal && (code === 'AsanaRefused' || code === 'NotFound');
}
