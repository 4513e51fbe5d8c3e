import type { AsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Answer, Call } from '../asana/transport.ts';
import { isActive, isMemberOf, type UserTypes } from '../directory/account.ts';
import type { FreshReading, Subject } from '../directory/reader.ts';
import type { LicenseAction, PlannedAction } from './decision.ts';

/** Sends the one request of an action. Async, so that a fault found before sending is told like one found by it. */
export async function sendChange(
  { scim, rest }: AsanaSession,
  action: PlannedAction,
  userTypes: UserTypes,
  call: Call,
): Promise<Answer<unknown>> {
  if ('from' in action) {
    if (!scim) throw new TypeError('a license action was decided although SCIM is off');
    return sendLicenseChange(scim, action, userTypes, call);
  }
  switch (action.type) {
    case 'AddToTeam':
      return rest.addUserToTeam(action.team, action.gid, call);
    case 'RemoveFromTeam':
      return rest.removeUserFromTeam(action.team, action.gid, call);
    case 'AddToWorkspace':
      return rest.addUserToWorkspace(action.workspace, action.gid, call);
    case 'RemoveFromWorkspace':
      return rest.removeUserFromWorkspace(action.workspace, action.gid, call);
    case 'InviteAccount':
      return rest.addUserToWorkspace(action.workspace, action.email, call);
  }
}

function sendLicenseChange(
  scim: NonNullable<AsanaSession['scim']>,
  action: LicenseAction,
  userTypes: UserTypes,
  call: Call,
): Promise<Answer<unknown>> {
  const { type, gid, email, name } = action;
  if (type === 'CreateAccount') {
    if (email === null) throw new TypeError('a creation was decided without an email');
    return scim.createUser(
      { email, name: name?.trim() || nameFrom(email), userType: userTypes.viewOnly },
      call,
    );
  }
  if (gid === null) throw new TypeError(`${type} was decided without an account`);
  switch (type) {
    case 'GrantEnterprise':
      return scim.setUserType(gid, userTypes.enterprise, call);
    case 'RevokeEnterprise':
      return scim.setUserType(gid, userTypes.viewOnly, call);
    case 'Deprovision':
      return scim.deactivate(gid, call);
  }
}

/** Whom an action is about, and where to look for its outcome. */
export function subjectOf(action: PlannedAction): Subject {
  const { gid, email } = action;
  if ('team' in action) return { gid, email, workspace: action.organization, team: action.team };
  return 'workspace' in action ? { gid, email, workspace: action.workspace } : { gid, email };
}

/** Whether a reading shows the outcome of an action. */
export function shows(
  action: PlannedAction,
  { account, teamMembership }: Pick<FreshReading, 'account' | 'teamMembership'>,
  organization: string | null,
): boolean {
  const active = account !== null && isActive(account, organization);
  switch (action.type) {
    case 'GrantEnterprise':
    case 'RevokeEnterprise':
      return active && account.license === action.to;
    case 'Deprovision':
      return !active;
    case 'CreateAccount':
      return active;
    case 'AddToTeam':
      return teamMembership !== null;
    case 'RemoveFromTeam':
      return teamMembership === null;
    case 'AddToWorkspace':
    case 'InviteAccount':
      return account !== null && isMemberOf(account, action.workspace, organization);
    case 'RemoveFromWorkspace':
      return account === null || !isMemberOf(account, action.workspace, organization);
  }
}

/** What audit records say was there before, and is after. */
export function describeChange(action: PlannedAction): {
  readonly before: string | null;
  readonly after: string | null;
} {
  if ('from' in action) return { before: action.from, after: action.to };
  const place = 'team' in action ? `team ${action.team}` : `workspace ${action.workspace}`;
  return action.removal ? { before: place, after: null } : { before: null, after: place };
}

/** Never sent again before somebody has looked: it cannot be undone, or somebody gets a second invitation. */
export function isOneWay({ type }: PlannedAction): boolean {
  switch (type) {
    case 'CreateAccount':
    case 'InviteAccount':
    case 'Deprovision':
    case 'AddToWorkspace':
    case 'RemoveFromWorkspace':
      return true;
    case 'GrantEnterprise':
    case 'RevokeEnterprise':
    case 'AddToTeam':
    case 'RemoveFromTeam':
      return false;
  }
}

/**
 * Only reading tells what became of it: the answer was lost, or it conflicts with what came into being meanwhile. With
 * which status Asana refuses to add a member, or to remove a stranger, is not documented.
 */
export function mayHaveTakenEffect(action: PlannedAction, { code, outcomeUnknown }: AsanaError): boolean {
  if (outcomeUnknown || code === 'Conflict') return true;
  return !('from' in action) && (code === 'AsanaRefused' || code === 'NotFound');
}

/** SCIM wants a name, and a grant has none: the person sets it at the first sign-in. "ada.byron@…" → "Ada Byron". */
function nameFrom(email: string): string {
  const words = (email.split('@')[0] ?? email).split(/[._+-]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email;
}
