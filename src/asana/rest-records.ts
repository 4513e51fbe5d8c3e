import {
  emailOf,
  fieldsOf,
  gidOf,
  LONGEST_NAME,
  listOf,
  requiredFlag,
  textOf,
  UnexpectedShape,
} from './fields.ts';

/** A user as `GET /users` returns it. */
export interface UserRecord {
  readonly gid: string;
  readonly name: string;
  /** As Asana returned it; `null` if Asana does not show it to this token. */
  readonly email: string | null;
}

export interface WorkspaceRecord {
  readonly gid: string;
  readonly name: string;
  readonly organization: boolean;
}

/** One membership object of a workspace. One person may have several (forum.asana.com/t/57272). */
export interface WorkspaceMembershipRecord {
  readonly gid: string;
  /** Only memberships show former members, so their address comes from here. */
  readonly user: UserRecord;
  readonly active: boolean;
  readonly admin: boolean;
  readonly guest: boolean;
  /** `null` if Asana does not return it. */
  readonly viewOnly: boolean | null;
}

/** One membership of the account that the token belongs to. */
export interface OwnMembershipRecord {
  readonly gid: string;
  readonly workspace: string;
  readonly active: boolean;
  readonly guest: boolean;
}

export interface TeamRecord {
  readonly gid: string;
  readonly name: string;
}

/** A team as Asana returns it for a request by gid. */
export interface PlacedTeamRecord extends TeamRecord {
  /** The organization's gid. */
  readonly organization: string;
}

export interface TeamMembershipRecord {
  readonly gid: string;
  readonly user: string;
  readonly admin: boolean;
  readonly guest: boolean;
  readonly limitedAccess: boolean;
}

/** One page of a REST listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The token of the next page; `null` on the last page. */
  readonly next: string | null;
}

/** Page tokens are JWTs of some 300 characters. */
const LONGEST_OFFSET = 4096;
/** `limit` is at most 100; a server that returns more than ten times as many is not Asana. */
const MOST_ITEMS = 1000;

/** Decodes the `{"data": …}` of every successful REST response. */
export function decodeData<T>(body: unknown, decode: (data: unknown) => T): T {
  const { data } = fieldsOf(body, 'the object');
  if (data === undefined) throw new UnexpectedShape('data');
  return decode(data);
}

/**
 * Decodes a page of a listing requested with `limit`. `next_page` is required, and null on the last page (OpenAPI
 * `NextPage`): otherwise a lost cursor would look like the end of the list, and the rest like removed items.
 */
export function decodePage<T>(body: unknown, decode: (item: unknown) => T): Page<T> {
  const { data, next_page: next } = fieldsOf(body, 'the object');
  const items = listOf(data, MOST_ITEMS, 'data').map(decode);
  if (next === null) return { items, next: null };
  const { offset } = fieldsOf(next, 'next_page');
  if (typeof offset !== 'string' || offset === '' || offset.length > LONGEST_OFFSET) {
    throw new UnexpectedShape('next_page.offset');
  }
  return { items, next: offset };
}

export function decodeUser(value: unknown): UserRecord {
  return userOf(value, 'user');
}

function userOf(value: unknown, where: string): UserRecord {
  const { gid, name, email } = fieldsOf(value, where);
  return { gid: gidOf(gid, `${where}.gid`), name: textOf(name, LONGEST_NAME), email: emailOf(email) };
}

export function decodeWorkspace(value: unknown): WorkspaceRecord {
  const { gid, name, is_organization: organization } = fieldsOf(value, 'workspace');
  return {
    gid: gidOf(gid, 'workspace.gid'),
    name: textOf(name, LONGEST_NAME),
    organization: requiredFlag(organization, 'workspace.is_organization'),
  };
}

export function decodeWorkspaceMembership(value: unknown): WorkspaceMembershipRecord {
  const fields = fieldsOf(value, 'membership');
  const viewOnly = fields['is_view_only'];
  return {
    gid: gidOf(fields['gid'], 'membership.gid'),
    user: userOf(fields['user'], 'membership.user'),
    active: requiredFlag(fields['is_active'], 'membership.is_active'),
    admin: requiredFlag(fields['is_admin'], 'membership.is_admin'),
    guest: requiredFlag(fields['is_guest'], 'membership.is_guest'),
    viewOnly: typeof viewOnly === 'boolean' ? viewOnly : null,
  };
}

/** Decodes a membership from the listing of one person's workspaces. */
export function decodeOwnMembership(value: unknown): OwnMembershipRecord {
  const fields = fieldsOf(value, 'membership');
  const workspace = fieldsOf(fields['workspace'], 'membership.workspace');
  return {
    gid: gidOf(fields['gid'], 'membership.gid'),
    workspace: gidOf(workspace['gid'], 'membership.workspace.gid'),
    active: requiredFlag(fields['is_active'], 'membership.is_active'),
    guest: requiredFlag(fields['is_guest'], 'membership.is_guest'),
  };
}

export function decodeTeam(value: unknown): TeamRecord {
  const { gid, name } = fieldsOf(value, 'team');
  return { gid: gidOf(gid, 'team.gid'), name: textOf(name, LONGEST_NAME) };
}

export function decodePlacedTeam(value: unknown): PlacedTeamRecord {
  const organization = fieldsOf(fieldsOf(value, 'team')['organization'], 'team.organization');
  return { ...decodeTeam(value), organization: gidOf(organization['gid'], 'team.organization.gid') };
}

/** Decodes a membership from the listing of one person's teams. */
export function decodeMembershipOfPerson(value: unknown): TeamMembershipRecord & { readonly team: string } {
  const team = fieldsOf(fieldsOf(value, 'team membership')['team'], 'team membership.team');
  return { ...decodeTeamMembership(value), team: gidOf(team['gid'], 'team membership.team.gid') };
}

export function decodeTeamMembership(value: unknown): TeamMembershipRecord {
  const fields = fieldsOf(value, 'team membership');
  const user = fieldsOf(fields['user'], 'team membership.user');
  return {
    gid: gidOf(fields['gid'], 'team membership.gid'),
    user: gidOf(user['gid'], 'team membership.user.gid'),
    admin: fields['is_admin'] === true,
    guest: fields['is_guest'] === true,
    limitedAccess: fields['is_limited_access'] === true,
  };
}
