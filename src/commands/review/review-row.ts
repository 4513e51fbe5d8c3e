/** The kind of a right. A membership of the organization is an `Account`, of any other workspace a `Workspace`. */
export type ReviewedRight = 'Account' | 'License' | 'Team' | 'Workspace';

/**
 * The source of a right: a grant declares it, a ConductorOne task gave it, a grant gave it and no longer declares it,
 * or its origin is unknown.
 */
export type RightSource = 'Grant' | 'Task' | 'Released' | 'Unmanaged';

/** A declared object, as reviews name it. */
export interface GrantName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** One right that one account has now. Times are RFC 3339, in UTC. */
export interface ReviewRow {
  readonly name: string;
  /** As Asana writes it; `null` if Asana does not show it. */
  readonly email: string | null;
  /** The gid of the account. */
  readonly account: string;
  readonly guest: boolean;
  readonly right: ReviewedRight;
  /** Gid of the team or workspace, or for a license of the organization; `null` if there is none. */
  readonly place: string | null;
  readonly placeName: string | null;
  /** The license or the role. */
  readonly value: string;
  readonly source: RightSource;
  /** The grant that declares the right, or that gave it. */
  readonly grant: GrantName | null;
  /** Other grants that declare the same right. */
  readonly alsoDeclaredBy: readonly GrantName[];
  /** Whether the grant adopted the right, or an action of the grant led to it; `null` if the grant does not hold it. */
  readonly held: 'Given' | 'Adopted' | null;
  /** Id of the ConductorOne task. */
  readonly task: string | null;
  /** Since when, as far as it is known: Asana does not report it. */
  readonly since: string | null;
  /** `spec.reason`. */
  readonly why: string | null;
  /** When the right is taken back; `null` if at no fixed time. */
  readonly until: string | null;
  /** What is declared instead; `null` if the right is as declared, or not declared at all. */
  readonly drift: string | null;
  /** The action that the operator plans. */
  readonly planned: string | null;
  /** Why the right is never removed; `null` if it may be. */
  readonly protected: string | null;
}

/** A right that a live grant declares and that its person does not have. */
export interface MissingRight {
  readonly email: string | null;
  readonly account: string | null;
  readonly right: ReviewedRight;
  readonly place: string | null;
  readonly placeName: string | null;
  readonly grant: GrantName;
  /** Reason of the grant's condition Ready; `null` before the grant has one. */
  readonly state: string | null;
  readonly why: string | null;
  readonly until: string | null;
}

/** The counts at the top of a review. */
export interface ReviewSummary {
  /** Accounts that have any right. */
  readonly people: number;
  /** Enterprise licenses. */
  readonly seats: number;
  readonly viewOnlyLicenses: number;
  /** Enterprise licenses that no grant declares and that no known task gave. */
  readonly unmanagedSeats: number;
  readonly guests: number;
  /** Rights that end within the next 14 days. */
  readonly endingSoon: number;
  readonly drift: number;
  /** People with a right that is never removed. */
  readonly protected: number;
  /** Rights that are declared but not held. */
  readonly missing: number;
}

/** Who has which access, at one time. */
export interface Review {
  /** The format of the document. It changes if a field is removed or changes its meaning. */
  readonly version: 'v1';
  readonly generatedAt: string;
  readonly connector: { readonly namespace: string; readonly name: string };
  /** When each part was read from Asana. `licenses` is `null` with SCIM off, because they are not read then. */
  readonly readAt: { readonly accounts: string; readonly licenses: string | null; readonly teams: string };
  /** The workspaces that are covered. */
  readonly workspaces: readonly {
    readonly gid: string;
    readonly name: string;
    readonly organization: boolean;
  }[];
  /** The workspaces that the token sees and that are not covered. */
  readonly leftOut: readonly { readonly gid: string; readonly name: string; readonly leftOut: string }[];
  readonly summary: ReviewSummary;
  readonly rows: readonly ReviewRow[];
  readonly missing: readonly MissingRight[];
}

/** Returns the name of a grant in a review. */
export function nameGrant({ kind, namespace, name }: GrantName): string {
  return `${kind} ${namespace}/${name}`;
}
