import type { License } from '../directory/snapshot.ts';

/** One change to be made in Asana. It carries everything that its rules need, for grants and tasks alike. */
export type Action = LicenseAction | AccountAction | TeamAction | WorkspaceAction;

/** A change of a license, over SCIM. */
export interface LicenseAction {
  readonly type: 'GrantEnterprise' | 'RevokeEnterprise';
  readonly gid: string;
  readonly email: string | null;
  readonly from: License;
  readonly to: License;
}

export type AccountAction = Creation | Invitation | Deprovision;

/** A new account of the organization, over SCIM, view-only. */
export interface Creation {
  readonly type: 'CreateAccount';
  readonly gid: null;
  readonly email: string;
  /** The gid of a person known from elsewhere, read afresh first: the address may belong to another person by now. */
  readonly knownGid: string | null;
  /** The name for the account; `null` if the request gives none. */
  readonly name: string | null;
  readonly from: null;
  readonly to: 'ViewOnly';
}

/** A new account without SCIM: Asana sends an invitation to the address. */
export interface Invitation {
  readonly type: 'InviteAccount';
  readonly gid: null;
  readonly email: string;
  readonly workspace: string;
  readonly from: null;
  readonly to: 'Active';
}

/** Taking an account out of the organization, over SCIM. */
export interface Deprovision {
  readonly type: 'Deprovision';
  readonly gid: string;
  readonly email: string | null;
  readonly from: string | null;
  readonly to: null;
}

/** A change of team membership. */
export interface TeamAction {
  readonly type: 'AddToTeam' | 'RemoveFromTeam';
  readonly gid: string;
  readonly email: string | null;
  readonly team: string;
  /** The gid of the team's organization. */
  readonly organization: string;
  /** True if the team is a guest's last one: Asana may remove the guest together with the membership. */
  readonly guestsLast: boolean;
  readonly from: string | null;
  readonly to: string | null;
}

/** A change of workspace membership, over REST. */
export interface WorkspaceAction {
  readonly type: 'AddToWorkspace' | 'RemoveFromWorkspace';
  readonly gid: string;
  readonly email: string | null;
  readonly workspace: string;
  readonly from: string | null;
  readonly to: string | null;
}

export type ActionType = Action['type'];

/** Whether the action leads to a new account, which then counts as created by the grant that asked for it. */
export function isCreation({ type }: { readonly type: ActionType }): boolean {
  return type === 'CreateAccount' || type === 'InviteAccount';
}

/** Whether two actions make the same change. Removal from a guest's last team differs from any other removal. */
export function isSameAction(a: Action, b: Action): boolean {
  const isSamePerson = (a.gid ?? a.email) === (b.gid ?? b.email);
  return (
    a.type === b.type &&
    placeOfAction(a) === placeOfAction(b) &&
    isSamePerson &&
    isGuestsLast(a) === isGuestsLast(b)
  );
}

function isGuestsLast(action: Action): boolean {
  return 'guestsLast' in action && action.guestsLast;
}

/** Returns the gid of the team or workspace that an action changes; `null` for the organization. */
export function placeOfAction(action: Action): string | null {
  if ('team' in action) return action.team;
  return 'workspace' in action ? action.workspace : null;
}
