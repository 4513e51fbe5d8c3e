/** A license in our vocabulary; outside it is the SCIM attribute `userType` (facts: `enterprise`, `view only`). */
export type License = 'Enterprise' | 'ViewOnly';

/** Role in a workspace, by priority guest, admin, member: `is_active` says nothing about the role. */
export type WorkspaceRole = 'Guest' | 'Admin' | 'Member';

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
  /** Lower-cased; null when Asana hides it. */
  readonly email: string | null;
  readonly name: string;
  readonly memberships: readonly WorkspaceMembership[];
  readonly scim: ScimRecord | null;
  /** From `scim.userType` by the connector's settings, compared without case; null when absent or unknown. */
  readonly license: License | null;
}

/** One part of a snapshot: when it was read and whether every page of it came. */
export interface Part {
  /** Wall clock, epoch milliseconds, when reading it ended. */
  readonly at: number;
  /** The monotonic clock at the moment reading it began: what was changed after that may be missing. */
  readonly begunAt: number;
  readonly complete: boolean;
  /** Why not, in words for a status message; null when complete. */
  readonly incompleteBecause: string | null;
}

/**
 * One immutable reading of the directory. Parts that were not asked for are null (licenses with SCIM off).
 * An incomplete part may still be looked at, and justifies no removal, no creation and no upload: who
 * is missing in it may well be there.
 */
export interface Snapshot {
  readonly parts: { readonly accounts: Part; readonly licenses: Part | null; readonly teams: Part | null };
  readonly workspaces: readonly Workspace[];
  /** The one organization SCIM speaks of; null without organization. */
  readonly organization: Workspace | null;
  /** The gid of the account the REST token belongs to; null when it could not be read. */
  readonly self: string | null;
  readonly accounts: ReadonlyMap<string, Account>;
  /** Lower-cased email to gid. */
  readonly gidsByEmail: ReadonlyMap<string, string>;
  readonly teams: ReadonlyMap<string, Team>;
  /** Requests this sync cost. */
  readonly requests: number;
}
