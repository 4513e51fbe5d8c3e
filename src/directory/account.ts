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

/** The value of the SCIM attribute `userType` for each license. A setting, since Asana's list of values is open. */
export interface UserTypes {
  readonly enterprise: string;
  readonly viewOnly: string;
}

/** Returns the license for a `userType`, ignoring case; `null` if it is absent or neither of the two. */
export function licenseOf(userType: string | null, { enterprise, viewOnly }: UserTypes): License | null {
  const value = userType?.toLowerCase();
  if (value === enterprise.toLowerCase()) return 'Enterprise';
  if (value === viewOnly.toLowerCase()) return 'ViewOnly';
  return null;
}

/** Returns the role in the order guest, admin, member. Whether the membership is active does not affect it. */
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

/** Returns the role in a team as one word. The flags are independent of each other; the first match counts. */
export function teamRoleOf({
  guest,
  admin,
  limitedAccess,
}: Pick<TeamMembership, 'guest' | 'admin' | 'limitedAccess'>): TeamRole {
  if (guest) return 'Guest';
  if (admin) return 'Admin';
  return limitedAccess ? 'LimitedAccess' : 'Member';
}

/** Returns both forms of an address: lower-cased for comparison and, if different, as Asana writes it. */
export function addressed(written: string | null): Pick<Account, 'email' | 'address'> {
  const email = written?.toLowerCase() ?? null;
  return written === null || written === email ? { email } : { email, address: written };
}

/** Returns the account's address for display, as Asana writes it; `null` if Asana hides it. */
export function addressOf({ email, address }: Pick<Account, 'email' | 'address'>): string | null {
  return address ?? email;
}

/**
 * Reduces all membership objects of a person in a workspace to one. A person who was removed and added again has an old
 * inactive one beside the active one; the active one counts. Returns `null` for none.
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

/** Like `reduceMemberships`, for two memberships that are already reduced. */
export function preferActive(one: WorkspaceMembership, other: WorkspaceMembership): WorkspaceMembership {
  return !one.active && other.active ? other : one;
}

/** Returns the part of a SCIM user that a snapshot keeps. Shares the strings that equal the account's own. */
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

/** Returns the account's membership of the workspace, or `undefined`. */
export function membershipIn(account: Account, workspace: string): WorkspaceMembership | undefined {
  return account.memberships.find((membership) => membership.workspace === workspace);
}

/**
 * Whether the account is in use: its membership of the organization is active (joined, or invited and not yet joined),
 * and SCIM, if it lists the account, calls it active too. Without an organization, any workspace counts; without any
 * known membership, SCIM alone decides.
 * @param organization its gid; `null` if there is none
 */
export function isActive(account: Account, organization: string | null): boolean {
  const { memberships, scim } = account;
  if (scim?.active === false) return false;
  if (organization !== null) return membershipIn(account, organization)?.active ?? false;
  return memberships.some(({ active }) => active) || (memberships.length === 0 && scim !== null);
}

/**
 * Whether the account is in use in one workspace, the organization or another. In the organization, SCIM counts too.
 * @param organization its gid; `null` if there is none
 */
export function isMemberOf(account: Account, workspace: string, organization: string | null): boolean {
  if (workspace === organization) return isActive(account, organization);
  return membershipIn(account, workspace)?.active ?? false;
}

/**
 * Whether the account is or was in a workspace: accounts that left are still listed there.
 * @param organization the gid of the organization that SCIM serves; `null` if there is none
 */
export function isKnownIn(account: Account, workspace: string, organization: string | null): boolean {
  if (membershipIn(account, workspace) !== undefined) return true;
  return workspace === organization && account.scim !== null;
}

/**
 * Whether the license of the account takes a seat: SCIM, the only source of licenses, calls the account active. The
 * listing of members, which may omit the account, does not matter.
 */
export function takesSeat({ license, scim }: Account): boolean {
  return license !== null && scim?.active === true;
}

/**
 * Whether any account has a `userType`. Asana accepts it only if the organization has view-only licenses; otherwise its
 * effect is undocumented, and a new account may get a full license. Stops at the first account that has one.
 */
export function showsLicenses({ accounts }: Snapshot): boolean {
  return accounts.values().some(({ scim }) => (scim?.userType ?? null) !== null);
}

/**
 * Whether the account is a guest, from outside the organization's domains. Guests hold no license.
 * @param workspace the gid of the organization or of another workspace; `null` for any
 */
export function isGuest(account: Account, workspace: string | null): boolean {
  return holds(account, workspace, ({ role }) => role === 'Guest');
}

/**
 * Whether the account is an admin of the workspace; a guest may be one. Plain workspaces have admins of their own.
 * @param workspace the gid of the organization or of another workspace; `null` for any
 */
export function isAdmin(account: Account, workspace: string | null): boolean {
  return holds(account, workspace, isAdminThere);
}

/** Whether Asana calls the member an admin, even if another role takes precedence. */
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
