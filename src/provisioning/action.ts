import type { License } from '../directory/snapshot.ts';

/** One change to be made in Asana. It carries what its own rules need, whoever asks for it. */
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
  /** The gid of somebody known elsewhere, at whom Asana is looked before: the address may be another person's by now. */
  readonly knownGid: string | null;
  /** What the account is called, if whoever asks said so. */
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

/** A change of who is in a team. */
export interface TeamAction {
  readonly type: 'AddToTeam' | 'RemoveFromTeam';
  readonly gid: string;
  readonly email: string | null;
  readonly team: string;
  /** The gid of the team's organization. */
  readonly organization: string;
  /** The team is the last one of a guest, whom Asana may remove with it. */
  readonly guestsLast: boolean;
  readonly from: string | null;
  readonly to: string | null;
}

/** A change of who is in a workspace, over REST. */
export interface WorkspaceAction {
  readonly type: 'AddToWorkspace' | 'RemoveFromWorkspace';
  readonly gid: string;
  readonly email: string | null;
  readonly workspace: string;
  readonly from: string | null;
  readonly to: string | null;
}

export type ActionType = Action['type'];

/** It leads to an account, which belongs to whoever asked for it. */
export function isCreation({ type }: { readonly type: ActionType }): boolean {
  return type === 'CreateAccount' || type === 'InviteAccount';
}

/** Two actions that come to the same change: a team that has become a guest's last one makes another of it. */
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

/** The gid of the team or workspace an action changes; null where it is the organization. */
export function placeOfAction(action: Action): string | null {
  if ('team' in action) return action.team;
  return 'workspace' in action ? action.workspace : null;
}
