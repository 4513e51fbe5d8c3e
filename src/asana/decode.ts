import { isJsonObject, type JsonObject } from './json.ts';

/**
 * What comes from Asana is checked here and nowhere else: every record that leaves this file has the shape its
 * type says, with bounded strings. Unknown fields are dropped, unknown values of open lists are kept as text.
 */

/** An answer of another shape than Asana documents. `where` names the field that was expected. */
export class UnexpectedShape extends Error {
  readonly where: string;

  constructor(where: string) {
    super(`${where} is missing or has the wrong type`);
    this.name = 'UnexpectedShape';
    this.where = where;
  }
}

/** A person as `GET /users` tells it. */
export interface UserRecord {
  readonly gid: string;
  readonly name: string;
  /** As Asana wrote it; null when it is not shown to this token. */
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
  /** Former members are shown here alone, so this is where their address comes from. */
  readonly user: UserRecord;
  readonly active: boolean;
  readonly admin: boolean;
  readonly guest: boolean;
  /** Null when Asana does not say. */
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

export interface TeamMembershipRecord {
  readonly gid: string;
  readonly user: string;
  readonly admin: boolean;
  readonly guest: boolean;
  readonly limitedAccess: boolean;
}

/** A user as SCIM tells it (RFC 7643 §4.1, and Asana's `userType`). */
export interface ScimUserRecord {
  readonly id: string;
  readonly userName: string;
  /** The primary address, or the first; null when there is none. */
  readonly email: string | null;
  readonly name: string;
  readonly active: boolean;
  /** The license as Asana wrote it; null when the attribute is absent (domains without view-only licenses). */
  readonly userType: string | null;
  /** title, givenName, familyName, department, costCenter, … : those present and not empty. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A team as SCIM tells it (RFC 7643 §4.2). */
export interface ScimGroupRecord {
  readonly id: string;
  readonly name: string;
  /** Ids of its members; null where the answer leaves them out, as Asana's listing does. */
  readonly members: readonly string[] | null;
}

/** One page of a REST listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The token of the next page; null on the last. */
  readonly next: string | null;
}

/** One page of a SCIM listing. */
export interface ScimPage<T> {
  readonly items: readonly T[];
  readonly totalResults: number;
}

/** Asana's gids have some 16 digits; what is far longer is not one. */
const LONGEST_ID = 64;
/** RFC 5321 §4.5.3.1: 64 + 1 + 255. */
const LONGEST_EMAIL = 320;
const LONGEST_NAME = 1024;
const LONGEST_ATTRIBUTE = 256;
/** Page tokens are JWTs of some 300 characters. */
const LONGEST_OFFSET = 4096;
/** `limit` is 100 at most; a server that gives more than ten times as many is not Asana. */
const MOST_ITEMS = 1000;
/** A SCIM server may ignore `count` and give everybody at once. */
const MOST_SCIM_ITEMS = 200_000;

function fieldsOf(value: unknown, where: string): JsonObject {
  if (!isJsonObject(value)) throw new UnexpectedShape(where);
  return value;
}

function listOf(value: unknown, most: number, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new UnexpectedShape(where);
  return value;
}

/** A gid: an opaque string, never a number, since it may exceed 2^53. */
function gidOf(value: unknown, where: string): string {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= LONGEST_ID && value.isWellFormed();
  if (!usable) throw new UnexpectedShape(where);
  return value;
}

/** A SCIM id, which Asana's own examples show as a number too. One that has lost digits on the way is refused. */
function scimIdOf(value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return gidOf(value, 'id');
}

/** Text as it may be written on: cut to its bound, and never with half a character, which no UTF-8 can hold. */
function textOf(value: unknown, longest: number): string {
  return typeof value === 'string' ? value.slice(0, longest).toWellFormed() : '';
}

/** An email, or null: one too long to be an address, or with half a character, is none, rather than another one. */
function emailOf(value: unknown): string | null {
  const usable =
    typeof value === 'string' && value !== '' && value.length <= LONGEST_EMAIL && value.isWellFormed();
  return usable ? value : null;
}

/** A flag that protects somebody (admin, guest, active): without it nothing may be decided about them. */
function requiredFlag(value: unknown, where: string): boolean {
  if (typeof value !== 'boolean') throw new UnexpectedShape(where);
  return value;
}

/** `{"data": …}` of every REST success. */
export function decodeData<T>(body: unknown, decode: (data: unknown) => T): T {
  const { data } = fieldsOf(body, 'the object');
  if (data === undefined) throw new UnexpectedShape('data');
  return decode(data);
}

/**
 * A page of a listing that was asked with `limit`. `next_page` has to be there, null on the last page (OpenAPI
 * `NextPage`): without it a dropped cursor would pass for the end of the list, and the rest for removed.
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

/** A membership as the listing of one person's workspaces shows it. */
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

/** A membership as the listing of one person's teams shows it. */
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

/** A SCIM ListResponse (RFC 7644 §3.4.2). `Resources` may be left out when nothing was found. */
export function decodeScimPage<T>(body: unknown, decode: (item: unknown) => T): ScimPage<T> {
  const { Resources: resources, totalResults } = fieldsOf(body, 'the object');
  if (typeof totalResults !== 'number' || !Number.isSafeInteger(totalResults) || totalResults < 0) {
    throw new UnexpectedShape('totalResults');
  }
  if (resources === undefined && totalResults === 0) return { items: [], totalResults };
  return { items: listOf(resources, MOST_SCIM_ITEMS, 'Resources').map(decode), totalResults };
}

/** RFC 7643 §4.3: the extension that holds department, cost centre, manager and the like. */
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export function decodeScimUser(value: unknown): ScimUserRecord {
  const fields = fieldsOf(value, 'user');
  const { userName, active, userType } = fields;
  if (typeof userName !== 'string' || userName === '') throw new UnexpectedShape('user.userName');
  if (active !== undefined && active !== null && typeof active !== 'boolean') {
    throw new UnexpectedShape('user.active');
  }
  const name = looseFields(fields['name']);
  return {
    id: scimIdOf(fields['id']),
    userName: textOf(userName, LONGEST_EMAIL),
    email: primaryEmail(fields['emails']) ?? emailOf(userName),
    name: textOf(name['formatted'], LONGEST_NAME),
    active: active !== false,
    userType: textOf(userType, LONGEST_ATTRIBUTE) || null,
    attributes: attributesOf(fields, name),
  };
}

export function decodeScimGroup(value: unknown): ScimGroupRecord {
  const { id, displayName, members } = fieldsOf(value, 'group');
  const list = members === undefined || members === null ? null : listOf(members, MOST_SCIM_ITEMS, 'members');
  return {
    id: scimIdOf(id),
    name: textOf(displayName, LONGEST_NAME),
    members: list?.map((member) => scimIdOf(fieldsOf(member, 'member')['value'])) ?? null,
  };
}

/** A mutation answers with the user or with nothing (204). */
export function decodeScimUserOrNothing(body: unknown): ScimUserRecord | null {
  return body === undefined ? null : decodeScimUser(body);
}

/** Anything else than an object counts as one without fields: for what is only shown. */
function looseFields(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function primaryEmail(value: unknown): string | null {
  const emails = (Array.isArray(value) ? value : []).slice(0, 20).map(looseFields);
  return emailOf((emails.find((email) => email['primary'] === true) ?? emails[0])?.['value']);
}

/** Most users have none: one object for all of them. */
const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

function attributesOf(fields: JsonObject, name: JsonObject): Readonly<Record<string, string>> {
  const enterprise = looseFields(fields[ENTERPRISE]);
  const manager = enterprise['manager'];
  const address = looseFields(Array.isArray(fields['addresses']) ? fields['addresses'][0] : undefined);
  const phone = looseFields(Array.isArray(fields['phoneNumbers']) ? fields['phoneNumbers'][0] : undefined);
  const found: Record<string, unknown> = {
    title: fields['title'],
    preferredLanguage: fields['preferredLanguage'],
    givenName: name['givenName'],
    familyName: name['familyName'],
    department: enterprise['department'],
    organization: enterprise['organization'],
    costCenter: enterprise['costCenter'],
    division: enterprise['division'],
    employeeNumber: enterprise['employeeNumber'],
    managerId: typeof manager === 'string' ? manager : looseFields(manager)['value'],
    country: address['country'],
    region: address['region'],
    locality: address['locality'],
    phone: phone['value'],
  };
  const present = Object.entries(found).filter(([, value]) => typeof value === 'string' && value !== '');
  if (present.length === 0) return NO_ATTRIBUTES;
  return Object.fromEntries(present.map(([key, value]) => [key, textOf(value, LONGEST_ATTRIBUTE)]));
}
