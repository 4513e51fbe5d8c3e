/** A license in our vocabulary; outside it is the SCIM attribute `userType` (facts: `enterprise`, `view only`). */
export type License = 'Enterprise' | 'ViewOnly';

/** Role in a workspace, by priority guest, admin, member: `is_active` says nothing about the role. */
export type WorkspaceRole = 'Guest' | 'Admin' | 'Member';

/** What somebody is in a team, in one word; see `teamRoleOf`. */
export type TeamRole = 'Member' | 'Admin' | 'Guest' | 'LimitedAccess';

/** Role flags of a team membership. They are independent of each other in Asana, so all are kept. */
export interface TeamMembership {
  readonly gid: string;
  readonly user: string;
  readonly admin: boolean;
  readonly guest: boolean;
  readonly limitedAccess: boolean;
}

export interface Workspace {
  readonly gid: string;
  readonly name: string;
  /** An organization has teams, SCIM and licenses; a plain workspace has none of them. */
  readonly organization: boolean;
}

/** A workspace that the token sees and that is not read. */
export interface LeftOutWorkspace extends Workspace {
  /** `Guest`: the token's account is a guest there. `Refused`: Asana answers 403. */
  readonly leftOut: 'Guest' | 'Refused';
}

export interface Team {
  readonly gid: string;
  readonly name: string;
  /** The organization's gid. */
  readonly organization: string;
  readonly memberships: readonly TeamMembership[];
}

/** One person's place in one workspace, several membership objects already reduced to the one that counts. */
export interface WorkspaceMembership {
  readonly gid: string;
  readonly workspace: string;
  /** True for joined and for invited-not-yet-accepted alike. */
  readonly active: boolean;
  readonly role: WorkspaceRole;
  /** Asana calls a guest an admin too; only there where the role does not say so already. */
  readonly admin?: true;
  /** `is_view_only`; null when Asana did not say. */
  readonly viewOnly: boolean | null;
}

/** What SCIM says of an account. SCIM hides guests. */
export interface ScimRecord {
  /** Equals the REST gid in every known tenant; compared, never assumed. */
  readonly id: string;
  readonly userName: string;
  readonly active: boolean;
  /** As Asana wrote it; null when the attribute is absent (a domain without view-only licenses). */
  readonly userType: string | null;
  /** Further attributes the ConductorOne profile shows (title, department, …), only those present. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A person or service account, keyed by gid. */
export interface Account {
  readonly gid: string;
  /** Lower-cased, for comparing; null when Asana hides it. What is shown is `addressOf`. */
  readonly email: string | null;
  /** The same as Asana writes it; only there where the case differs. */
  readonly address?: string;
  readonly name: string;
  readonly memberships: readonly WorkspaceMembership[];
  readonly scim: ScimRecord | null;
  /** From `scim.userType` by the connector's settings, compared without case; null when absent or unknown. */
  readonly license: License | null;
}

/** A listing that brought fewer than it announced, and did not fail otherwise. */
export interface Shortfall {
  /** What it said there are. */
  readonly announced: number;
  /** What came, each counted once. */
  readonly received: number;
}

/** How many items a listing lacks. */
export function missingOf({ announced, received }: Shortfall): number {
  return announced - received;
}

/** One part of a snapshot: when it was read and whether every page of it came. */
export interface Part {
  /** Wall clock, epoch milliseconds, when reading it ended. */
  readonly at: number;
  /** The same, when it began. */
  readonly startedAt: number;
  /** The monotonic clock at the moment reading it began: what was changed after that may be missing. */
  readonly begunAt: number;
  readonly complete: boolean;
  /** Why not, in words for a status message; null when complete. */
  readonly incompleteBecause: string | null;
  /** Only if nothing else is missing: also on a complete part, when somebody has accepted that it is short. */
  readonly shortfall?: Shortfall;
}

/** What is read and judged by itself; each right says which of them it is read from. */
export const partNames = ['accounts', 'licenses', 'teams', 'teamMemberships'] as const;
export type PartName = (typeof partNames)[number];

/**
 * One immutable reading of the directory. Parts that were not asked for are null (licenses with SCIM off).
 * An incomplete part may still be looked at, and justifies no removal, no creation and no upload: who
 * is missing in it may well be there.
 */
export interface Snapshot {
  /** Teams are read together with who is in them: `teams` stands for both; see `partOf`. */
  readonly parts: { readonly accounts: Part; readonly licenses: Part | null; readonly teams: Part | null };
  /** Those that were read. */
  readonly workspaces: readonly Workspace[];
  /** Those that the token sees, and that were not read although nobody excluded them. */
  readonly leftOut: readonly LeftOutWorkspace[];
  /** The one organization SCIM speaks of; null without organization. */
  readonly organization: Workspace | null;
  /**
   * REST refuses the token, and all of this was read over SCIM: guests, roles and further workspaces are missing,
   * and everybody counts as a member.
   */
  readonly scimOnly: boolean;
  /**
   * Not one SCIM id is a gid of REST: the two speak of different organizations. Nothing was joined, and the accounts
   * are REST's, without licenses.
   */
  readonly scimIdsForeign: boolean;
  /** The gid of the account the REST token belongs to; null when it could not be read. */
  readonly self: string | null;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Lower-cased email to gid. */
  readonly gidsByEmail: ReadonlyMap<string, string>;
  readonly teams: ReadonlyMap<string, Team>;
  /** Requests this sync cost. */
  readonly requests: number;
}

/** The part that `name` was read with; null when it was not read. */
export function partOf({ parts }: Pick<Snapshot, 'parts'>, name: PartName): Part | null {
  return name === 'teamMemberships' ? parts.teams : parts[name];
}
