/** A person's profile as an administrator sees it. Replaced as a whole on every change, never changed in place. */
export interface Profile {
  /** As its owner wrote it; compared case-insensitively. */
  readonly email: string;
  readonly name: string;
  /** The value of SCIM's `userType`. */
  readonly license: string;
  /** True for an administrator of the organization. */
  readonly admin: boolean;
  /** False once deprovisioned. True for invited people who have not accepted yet. */
  readonly active: boolean;
  readonly title: string | null;
  readonly department: string | null;
  readonly preferredLanguage: string | null;
}

/** Guests have an address outside the organization's domains; a service account is not a person. */
export type PersonKind = 'member' | 'guest' | 'serviceAccount';

export interface Person {
  readonly gid: string;
  readonly kind: PersonKind;
  profile: Profile;
  /** The profile before the last change, which reads show until `until`. */
  stale: { readonly profile: Profile; readonly until: number } | null;
  /** The earlier team memberships, which reads show until `until`. */
  staleTeams: StaleMemberships | null;
  readonly memberships: WorkspaceMembership[];
  readonly teamMemberships: TeamMembership[];
  /** The person who inherited this person's content on removal; `null` if there is none. */
  heir: Person | null;
}

/** Team memberships before a change, and until when reads show them (epoch milliseconds). */
export interface StaleMemberships {
  readonly memberships: readonly TeamMembership[];
  readonly until: number;
}

/** One stay in one workspace. A person who left and came back has an ended membership and a new one. */
export interface WorkspaceMembership {
  readonly gid: string;
  readonly person: Person;
  readonly workspace: Workspace;
  readonly createdAt: number;
  /** Applies outside the organization; inside it, administrators are marked in their profile. */
  readonly isAdmin: boolean;
  ended: boolean;
}

export interface Workspace {
  readonly gid: string;
  name: string;
  readonly isOrganization: boolean;
  /** In lower case. Empty for a workspace that is no organization. */
  readonly emailDomains: readonly string[];
  /** The three listings below are in gid order. */
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
  /** In gid order. */
  readonly memberships: TeamMembership[];
  /** The earlier members, which reads show until `until`. */
  staleMembers: StaleMemberships | null;
}

export interface TeamMembership {
  readonly gid: string;
  readonly person: Person;
  readonly team: Team;
  readonly isAdmin: boolean;
  readonly isLimitedAccess: boolean;
}

/** Compares gids by their numeric value, without converting them to numbers. */
export function compareGids(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Returns the index of the first record whose gid comes after `gid`, in a list in gid order. */
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

/** Inserts a record into a list in gid order. A new gid is the largest, so this is nearly always a push. */
export function insertByGid<T extends { readonly gid: string }>(list: T[], record: T): void {
  const last = list.at(-1);
  if (last === undefined || compareGids(last.gid, record.gid) < 0) list.push(record);
  else list.splice(indexAfter(list, record.gid), 0, record);
}

/** Removes a record from a list. */
export function takeOut<T>(list: T[], record: T): void {
  const index = list.indexOf(record);
  if (index >= 0) list.splice(index, 1);
}
