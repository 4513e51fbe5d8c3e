import type { WorkspaceMembershipRecord } from '../asana/rest-records.ts';
import type { ScimUserRecord } from '../asana/scim-records.ts';
import type {
  Account,
  License,
  ScimRecord,
  Snapshot,
  TeamMembership,
  TeamRole,
  WorkspaceMembership,
  WorkspaceRole,
} from './snapshot.ts';

/** What the SCIM attribute `userType` says for each license; a setting, since Asana's list of values is open. */
export interface UserTypes {
  readonly enterprise: string;
  readonly viewOnly: string;
}

/** The license behind a `userType`, compared without case; null when it is absent or none of the two. */
export function licenseOf(userType: string | null, { enterprise, viewOnly }: UserTypes): License | null {
  const value = userType?.toLowerCase();
  if (value === enterprise.toLowerCase()) return 'Enterprise';
  if (value === viewOnly.toLowerCase()) return 'ViewOnly';
  return null;
}

/** The role by priority guest, admin, member; whether the membership is active says nothing about it. */
export function roleOf({
  guest,
  admin,
}: {
  readonly guest: boolean;
  readonly admin: boolean;
}): WorkspaceRole {
  if (guest) return 'Guest';
  return admin ? 'Admin' : 'Member';
}

/** What somebody is in a team, as one word: the flags are independent of each other, and the first of these counts. */
export function teamRoleOf({
  guest,
  admin,
  limitedAccess,
}: Pick<TeamMembership, 'guest' | 'admin' | 'limitedAccess'>): TeamRole {
  if (guest) return 'Guest';
  if (admin) return 'Admin';
  return limitedAccess ? 'LimitedAccess' : 'Member';
}

/** Both forms of an address: in lower case for comparing, and as Asana writes it where that is another. */
export function addressed(written: string | null): Pick<Account, 'email' | 'address'> {
  const email = written?.toLowerCase() ?? null;
  return written === null || written === email ? { email } : { email, address: written };
}

/** The account's address as Asana writes it, to be shown; null when Asana hides it. */
export function addressOf({ email, address }: Pick<Account, 'email' | 'address'>): string | null {
  return address ?? email;
}

/**
 * One person's place in a workspace out of all membership objects found: somebody removed and added again has
 * an old inactive one beside the active one, which counts. Null for none.
 */
export function reduceMemberships(
  workspace: string,
  records: readonly WorkspaceMembershipRecord[],
): WorkspaceMembership | null {
  const record = records.find(({ active }) => active) ?? records[0];
  if (!record) return null;
  const { gid, active, viewOnly } = record;
  const role = roleOf(record);
  const place = { gid, workspace, active, role, viewOnly };
  return record.admin && role !== 'Admin' ? { ...place, admin: true } : place;
}

/** The same for two places already reduced. */
export function preferActive(one: WorkspaceMembership, other: WorkspaceMembership): WorkspaceMembership {
  return !one.active && other.active ? other : one;
}

/** The part of a SCIM user that a snapshot keeps. Strings equal to the account's own are shared with it. */
export function scimRecordOf(
  user: ScimUserRecord,
  account: Pick<Account, 'gid' | 'email' | 'address'>,
): ScimRecord {
  const { userName, active, userType, attributes } = user;
  const address = addressOf(account);
  return {
    id: user.id === account.gid ? account.gid : user.id,
    userName: userName === address ? address : userName,
    active,
    userType,
    attributes,
  };
}

/** The account's place in the organization, or undefined. */
export function membershipIn(account: Account, workspace: string): WorkspaceMembership | undefined {
  return account.memberships.find((membership) => membership.workspace === workspace);
}

/**
 * True when the account is in use: its membership of the organization is active (joined, or invited and not
 * yet joined), and SCIM, if it lists the account, says active too. Without an organization any workspace
 * counts; without any membership known, SCIM's word alone.
 * @param organization its gid; null when there is none
 */
export function isActive(account: Account, organization: string | null): boolean {
  const { memberships, scim } = account;
  if (scim?.active === false) return false;
  if (organization !== null) return membershipIn(account, organization)?.active ?? false;
  return memberships.some(({ active }) => active) || (memberships.length === 0 && scim !== null);
}

/**
 * True when the account is in use in one workspace, the organization or another: of the organization SCIM has a say
 * too.
 * @param organization its gid; null when there is none
 */
export function isMemberOf(account: Account, workspace: string, organization: string | null): boolean {
  if (workspace === organization) return isActive(account, organization);
  return membershipIn(account, workspace)?.active ?? false;
}

/**
 * True for somebody who is, or was, in a workspace: one who has left it is still listed there.
 * @param organization the gid of the one that SCIM speaks of; null when there is none
 */
export function isKnownIn(account: Account, workspace: string, organization: string | null): boolean {
  if (membershipIn(account, workspace) !== undefined) return true;
  return workspace === organization && account.scim !== null;
}

/**
 * True when the license of the account takes a seat: SCIM, which alone knows of licenses, calls the account active,
 * whatever a listing of members leaves out.
 */
export function takesSeat({ license, scim }: Account): boolean {
  return license !== null && scim?.active === true;
}

/**
 * Asana takes `userType` only where the organization has view-only licenses; elsewhere what it does with one is not
 * documented, and a new account may hold a full license. Ends at the first account that shows one.
 */
export function showsLicenses({ accounts }: Snapshot): boolean {
  return accounts.values().some(({ scim }) => (scim?.userType ?? null) !== null);
}

/**
 * True for somebody from outside the organization's domains: guests hold no license.
 * @param workspace the gid of the organization or of another workspace; null for any
 */
export function isGuest(account: Account, workspace: string | null): boolean {
  return holds(account, workspace, ({ role }) => role === 'Guest');
}

/**
 * True for an admin of that workspace, a guest among them: plain workspaces have admins of their own.
 * @param workspace the gid of the organization or of another workspace; null for any
 */
export function isAdmin(account: Account, workspace: string | null): boolean {
  return holds(account, workspace, isAdminThere);
}

/** Whether Asana calls them an admin, whatever role comes first. */
export function isAdminThere({ role, admin }: WorkspaceMembership): boolean {
  return role === 'Admin' || admin === true;
}

function holds(
  { memberships }: Account,
  workspace: string | null,
  is: (membership: WorkspaceMembership) => boolean,
): boolean {
  return memberships.some((place) => (workspace === null || place.workspace === workspace) && is(place));
}
