/** What an administrator sees of a person. Replaced as a whole at every change, never changed in place. */
export interface Profile {
  /** As its owner wrote it; compared without case. */
  readonly email: string;
  readonly name: string;
  /** The value of SCIM's `userType`. */
  readonly license: string;
  /** Administrator of the organization. */
  readonly admin: boolean;
  /** False once deprovisioned. True for invited people who have not accepted yet. */
  readonly active: boolean;
  readonly title: string | null;
  readonly department: string | null;
  readonly preferredLanguage: string | null;
}

/** Guests have an address outside the organization's domains; a service account is nobody. */
export type PersonKind = 'member' | 'guest' | 'serviceAccount';

export interface Person {
  readonly gid: string;
  readonly kind: PersonKind;
  profile: Profile;
  /** While it lasts, reads show the profile before the last change. */
  stale: { readonly profile: Profile; readonly until: number } | null;
  /** While it lasts, reads show these team memberships. */
  staleTeams: StaleMemberships | null;
  readonly memberships: WorkspaceMembership[];
  readonly teamMemberships: TeamMembership[];
  /** Who got the things of somebody who was removed; null while nobody did. */
  heir: Person | null;
}

/** Team memberships as they were before a change, and until when that shows (epoch milliseconds). */
export interface StaleMemberships {
  readonly memberships: readonly TeamMembership[];
  readonly until: number;
}

/** One stay in one workspace. Who left and came back has an ended one and a new one. */
export interface WorkspaceMembership {
  readonly gid: string;
  readonly person: Person;
  readonly workspace: Workspace;
  readonly createdAt: number;
  /** Of a plain workspace: the admins of the organization are told by their profile. */
  readonly isAdmin: boolean;
  ended: boolean;
}

export interface Workspace {
  readonly gid: string;
  name: string;
  readonly isOrganization: boolean;
  /** Lower case. Empty for a workspace that is no organization. */
  readonly emailDomains: readonly string[];
  /** The three listings are in order of gid. */
  readonly people: Person[];
  readonly memberships: WorkspaceMembership[];
  readonly teams: Team[];
}

export type TeamVisibility = 'secret' | 'request_to_join' | 'public';

export interface Team {
  readonly gid: string;
  name: string;
  readonly description: string;
  readonly visibility: TeamVisibility;
  readonly organization: Workspace;
  /** In order of gid. */
  readonly memberships: TeamMembership[];
  /** While it lasts, reads show these members. */
  staleMembers: StaleMemberships | null;
}

export interface TeamMembership {
  readonly gid: string;
  readonly person: Person;
  readonly team: Team;
  readonly isAdmin: boolean;
  readonly isLimitedAccess: boolean;
}

/** Orders gids as the numbers they look like, without making numbers of them. */
export function compareGids(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Index of the first record whose gid comes after `gid`, in a list ordered by gid. */
export function indexAfter(list: readonly { readonly gid: string }[], gid: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = list[middle];
    if (record !== undefined && compareGids(record.gid, gid) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a record into a list ordered by gid; a new gid is the largest, so this is a push nearly always. */
export function insertByGid<T extends { readonly gid: string }>(list: T[], record: T): void {
  const last = list.at(-1);
  if (last === undefined || compareGids(last.gid, record.gid) < 0) list.push(record);
  else list.splice(indexAfter(list, record.gid), 0, record);
}

/** Takes a record out of a list. */
export function takeOut<T>(list: T[], record: T): void {
  const index = list.indexOf(record);
  if (index >= 0) list.splice(index, 1);
}
