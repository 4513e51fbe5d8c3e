import { DirectoryError } from './directory-error.ts';
import type { LeftOutWorkspace, Workspace } from './snapshot.ts';

/** The workspaces one connector reads. */
export interface Scope {
  readonly workspaces: readonly Workspace[];
  /** Those that the token sees and that are not read, although the connector does not exclude them. */
  readonly leftOut: readonly LeftOutWorkspace[];
  /** Those of `workspaces` that are organizations: only they have teams. */
  readonly organizations: readonly Workspace[];
  /** The only organization; `null` if there is none or several. */
  readonly organization: Workspace | null;
}

export interface ScopeWish {
  /** Gids from the connector's spec; undefined or empty for all that the token sees as a member. */
  readonly workspaces: readonly string[] | undefined;
  /** Gids of the workspaces in which the token's account is a guest. */
  readonly guestIn: ReadonlySet<string>;
}

/**
 * Chooses among the workspaces that the token sees. A workspace in which its account is a guest is read only if it is
 * named: its directory belongs to others, and a guest sees only a part of it.
 * @throws DirectoryError `WorkspaceNotFound`
 */
export function chooseScope(
  seen: readonly Workspace[],
  { workspaces: named = [], guestIn }: ScopeWish,
): Scope {
  if (named.length > 0) return scopeOf(pick(seen, named), []);
  const isGuest = ({ gid }: Workspace) => guestIn.has(gid);
  const guests = seen.filter(isGuest).map((workspace) => ({ ...workspace, leftOut: 'Guest' as const }));
  const workspaces = seen.filter((workspace) => !isGuest(workspace));
  if (workspaces.length > 0) return scopeOf(workspaces, guests);
  throw new DirectoryError(
    'WorkspaceNotFound',
    guests.length > 0
      ? `The account of the token is a guest in every workspace that it can see: ${listNames(seen)}. Use the token of a member, or list the workspaces to read in spec.workspaces.`
      : 'The token cannot see any workspace. Add its account to the organization, or use the token of a service account.',
  );
}

/** Returns the scope without workspaces that reject the token. */
export function leaveOutRefused({ workspaces, leftOut }: Scope, refused: ReadonlySet<string>): Scope {
  const without = workspaces.filter(({ gid }) => refused.has(gid));
  return scopeOf(
    workspaces.filter(({ gid }) => !refused.has(gid)),
    [...leftOut, ...without.map((workspace) => ({ ...workspace, leftOut: 'Refused' as const }))],
  );
}

/**
 * Checks that exactly one organization is in scope, since SCIM serves one without naming it.
 * @throws DirectoryError `AmbiguousOrganization`
 */
export function requireOneOrganization({ organization, organizations }: Scope): void {
  if (organization) return;
  throw new DirectoryError(
    'AmbiguousOrganization',
    organizations.length === 0
      ? 'SCIM requires an organization, and none of the workspaces in scope is one. Add it to spec.workspaces, or set scim.enabled to false.'
      : `SCIM serves one organization, and several are in scope: ${listNames(organizations)}. List only the one that the SCIM token belongs to in spec.workspaces.`,
  );
}

/**
 * Returns the scope of a token that only SCIM accepts. SCIM does not name its organization, so the connector must.
 * @throws DirectoryError `WorkspaceNotSet`
 */
export function scopeOverScim({
  workspaces: named = [],
  defaultWorkspace,
}: {
  readonly workspaces?: readonly string[] | undefined;
  readonly defaultWorkspace?: string | undefined;
}): Scope {
  const [first] = named;
  const known = new Set(named);
  // The named workspaces take precedence: the default for new accounts may be a workspace that is no organization.
  const isOneOfThem = known.size === 0 || known.has(defaultWorkspace ?? '');
  const gid = known.size === 1 ? first : isOneOfThem ? defaultWorkspace : undefined;
  if (gid !== undefined) return scopeOf([{ gid, name: gid, organization: true }], []);
  throw new DirectoryError(
    'WorkspaceNotSet',
    'The REST API rejects the token and SCIM accepts it, but SCIM does not return the ID of the organization. Set spec.defaultWorkspace to this ID, or list only this ID in spec.workspaces.',
  );
}

function scopeOf(workspaces: readonly Workspace[], leftOut: readonly LeftOutWorkspace[]): Scope {
  const organizations = workspaces.filter((workspace) => workspace.organization);
  const [first, second] = organizations;
  return { workspaces, leftOut, organizations, organization: second ? null : (first ?? null) };
}

function pick(seen: readonly Workspace[], wanted: readonly string[]): readonly Workspace[] {
  const byGid = new Map(seen.map((workspace) => [workspace.gid, workspace]));
  return [...new Set(wanted)].map((gid) => {
    const workspace = byGid.get(gid);
    if (workspace) return workspace;
    throw new DirectoryError(
      'WorkspaceNotFound',
      `The token cannot see workspace ${gid} of spec.workspaces. It can see ${listNames(seen)}. Correct the list, or give the account of the token access.`,
    );
  });
}

/** Lists as many as fit a status message, in the same order at every reading. */
function listNames(workspaces: readonly Workspace[]): string {
  if (workspaces.length === 0) return 'none';
  const names = workspaces.map(({ gid, name }) => `${gid} (${name.slice(0, 60)})`).toSorted();
  const shown = names.slice(0, 5);
  const more = workspaces.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
