/** What somebody can have. The membership of the organization is the account; of any other workspace, the workspace. */
export type ReviewedRight = 'Account' | 'License' | 'Team' | 'Workspace';

/**
 * Where a right comes from: a grant declares it; ConductorOne's task gave it; a grant gave it and has let it go; or nobody
 * knows of it here.
 */
export type RightSource = 'Grant' | 'Task' | 'Released' | 'Unmanaged';

/** A declared object, as reviews name it. */
export interface GrantName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** One right that one account has now. Instants are RFC 3339, in UTC. */
export interface ReviewRow {
  readonly name: string;
  /** As Asana writes it; null where Asana hides it. */
  readonly email: string | null;
  /** The gid of the account. */
  readonly account: string;
  readonly guest: boolean;
  readonly right: ReviewedRight;
  /** The gid of the team or the workspace; of a license that of the organization. Null where there is none. */
  readonly place: string | null;
  readonly placeName: string | null;
  /** A license, or a role: what is held. */
  readonly value: string;
  readonly source: RightSource;
  /** The grant that declares it, or had given it. */
  readonly grant: GrantName | null;
  /** Further grants that declare the same. */
  readonly alsoDeclaredBy: readonly GrantName[];
  /** The right was there before the grant, or an action of the grant led to it; null while the grant holds nothing. */
  readonly held: 'Given' | 'Adopted' | null;
  /** Id of the task of ConductorOne. */
  readonly task: string | null;
  /** Since when, as far as it is known: Asana does not say. */
  readonly since: string | null;
  /** `spec.reason`. */
  readonly why: string | null;
  /** When it is taken back; null: not at a fixed time. */
  readonly until: string | null;
  /** What is declared instead; null where what is held is what is declared. */
  readonly drift: string | null;
  /** The action that the operator plans. */
  readonly planned: string | null;
  /** Why no removal touches it; null for one that may be taken away. */
  readonly protected: string | null;
}

/** A right that a live grant declares, and that nobody has. */
export interface MissingRight {
  readonly email: string | null;
  readonly account: string | null;
  readonly right: ReviewedRight;
  readonly place: string | null;
  readonly placeName: string | null;
  readonly grant: GrantName;
  /** Reason of the grant's condition Ready; null before it has one. */
  readonly state: string | null;
  readonly why: string | null;
  readonly until: string | null;
}

/** The numbers on top of a review. */
export interface ReviewSummary {
  /** Accounts that have any right. */
  readonly people: number;
  /** Enterprise licenses. */
  readonly seats: number;
  readonly viewOnlyLicenses: number;
  /** Enterprise licenses of which neither a grant nor a known task knows. */
  readonly unmanagedSeats: number;
  readonly guests: number;
  /** Rights that end within the next 14 days. */
  readonly endingSoon: number;
  readonly drift: number;
  /** People with a right that no removal touches. */
  readonly protected: number;
  /** Rights that are declared, and that nobody has. */
  readonly missing: number;
}

/** Who has what, at one moment. */
export interface Review {
  /** The form of the document; a new one when a field goes or changes its meaning. */
  readonly version: 'v1';
  readonly generatedAt: string;
  readonly connector: { readonly namespace: string; readonly name: string };
  /** When each part was read from Asana; licenses null with SCIM off, when they are not read. */
  readonly readAt: { readonly accounts: string; readonly licenses: string | null; readonly teams: string };
  /** The workspaces that are covered. */
  readonly workspaces: readonly {
    readonly gid: string;
    readonly name: string;
    readonly organization: boolean;
  }[];
  /** Those that the token sees and that are not covered. */
  readonly leftOut: readonly { readonly gid: string; readonly name: string; readonly leftOut: string }[];
  readonly summary: ReviewSummary;
  readonly rows: readonly ReviewRow[];
  readonly missing: readonly MissingRight[];
}

/** How reviews name a grant. */
export function nameGrant({ kind, namespace, name }: GrantName): string {
  return `${kind} ${namespace}/${name}`;
}
