/** A license in our vocabulary. Asana's is the SCIM attribute `userType` (by default `enterprise`, `view only`). */
export type License = 'Enterprise' | 'ViewOnly';

/** Role in a workspace, in the order guest, admin, member. `is_active` does not affect the role. */
export type WorkspaceRole = 'Guest' | 'Admin' | 'Member';

/** Role in a team, as one word; see `teamRoleOf`. */
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

/** A person's membership of one workspace: of several membership objects, the one that counts. */
export interface WorkspaceMembership {
  readonly gid: string;
  readonly workspace: string;
  /** True if the person has joined, or is invited and has not accepted yet. */
  readonly active: boolean;
  readonly role: WorkspaceRole;
  /** Set if Asana calls the member an admin and the role does not show it, as for a guest. */
  readonly admin?: true;
  /** `is_view_only`; `null` if Asana did not send it. */
  readonly viewOnly: boolean | null;
}

/** What SCIM shows of an account. SCIM hides guests. */
export interface ScimRecord {
  /** Equals the REST gid in every known tenant. Always compared, never assumed. */
  readonly id: string;
  readonly userName: string;
  readonly active: boolean;
  /** As Asana wrote it; `null` if the attribute is absent (a domain without view-only licenses). */
  readonly userType: string | null;
  /** Further attributes for the ConductorOne profile (title, department, …); only those present. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A person or service account, keyed by gid. */
export interface Account {
  readonly gid: string;
  /** Lower-cased, for comparison; `null` if Asana hides it. Display `addressOf` instead. */
  readonly email: string | null;
  /** The email as Asana writes it; only set if the case differs. */
  readonly address?: string;
  readonly name: string;
  readonly memberships: readonly WorkspaceMembership[];
  readonly scim: ScimRecord | null;
  /** From `scim.userType` by the connector's settings, ignoring case; `null` if absent or unknown. */
  readonly license: License | null;
}

/** A listing that returned fewer items than it announced, and did not fail otherwise. */
export interface Shortfall {
  /** How many items it announced. */
  readonly announced: number;
  /** How many items it returned, each counted once. */
  readonly received: number;
}

/** Returns how many items a listing lacks. */
export function missingOf({ announced, received }: Shortfall): number {
  return announced - received;
}

/** One part of a snapshot: when it was read, and whether it is complete. */
export interface Part {
  /** Wall clock time at which its reading ended, in epoch milliseconds. */
  readonly at: number;
  /** Wall clock time at which its reading began, in epoch milliseconds. */
  readonly startedAt: number;
  /** Monotonic time at which its reading began. Later changes may be missing. */
  readonly begunAt: number;
  readonly complete: boolean;
  /** Why it is incomplete, for a status message; `null` if complete. */
  readonly incompleteBecause: string | null;
  /** Only set if nothing else is missing; also on a complete part, if a person accepted the shortfall. */
  readonly shortfall?: Shortfall;
}

/** The parts, each read and judged by itself. Each right names those that it is read from. */
export const partNames = ['accounts', 'licenses', 'teams', 'teamMemberships'] as const;
export type PartName = (typeof partNames)[number];

/**
 * One immutable reading of the directory. Parts that were not requested are `null` (licenses with SCIM off). An
 * incomplete part may still be inspected, but justifies no removal, no creation and no upload: a person missing from it
 * may well be there.
 */
export interface Snapshot {
  /** Teams are read together with their members: `teams` stands for both; see `partOf`. */
  readonly parts: { readonly accounts: Part; readonly licenses: Part | null; readonly teams: Part | null };
  /** The workspaces that were read. */
  readonly workspaces: readonly Workspace[];
  /** Those that the token sees and that were not read, although the connector does not exclude them. */
  readonly leftOut: readonly LeftOutWorkspace[];
  /** The only organization, which SCIM serves; `null` if there is none or several. */
  readonly organization: Workspace | null;
  /**
   * True if REST rejects the token and everything was read over SCIM: guests, roles and other workspaces are missing,
   * and every account counts as a member.
   */
  readonly scimOnly: boolean;
  /**
   * True if no SCIM id is a gid of REST: the two serve different organizations. Nothing was joined; the accounts are
   * those of REST, without licenses.
   */
  readonly scimIdsForeign: boolean;
  /** The gid of the account that owns the REST token; `null` if it could not be read. */
  readonly self: string | null;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Lower-cased email to gid. */
  readonly gidsByEmail: ReadonlyMap<string, string>;
  readonly teams: ReadonlyMap<string, Team>;
  /** Requests that this sync sent. */
  readonly requests: number;
}

/** Returns the part that includes `name`; `null` if it was not read. */
export function partOf({ parts }: Pick<Snapshot, 'parts'>, name: PartName): Part | null {
  return name === 'teamMemberships' ? parts.teams : parts[name];
}
