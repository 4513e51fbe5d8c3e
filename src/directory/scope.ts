import { DirectoryError } from './directory-error.ts';
import type { Workspace } from './snapshot.ts';

/** The workspaces one connector reads. */
export interface Scope {
  readonly workspaces: readonly Workspace[];
  /** Those of them that are organizations: only they have teams. */
  readonly organizations: readonly Workspace[];
  /** The one organization; null when there is none or several. */
  readonly organization: Workspace | null;
}

export interface ScopeWish {
  /** Gids from the connector's spec; undefined or empty for all that the token sees. */
  readonly workspaces: readonly string[] | undefined;
  /** SCIM speaks of one organization without naming it, so exactly one must be in scope. */
  readonly scim: boolean;
}

/**
 * Chooses among the workspaces the token sees.
 * @throws DirectoryError `WorkspaceNotFound`, `AmbiguousOrganization`
 */
export function chooseScope(seen: readonly Workspace[], { workspaces: wanted = [], scim }: ScopeWish): Scope {
  const workspaces = wanted.length === 0 ? seen : pick(seen, wanted);
  if (workspaces.length === 0) {
    throw new DirectoryError(
      'WorkspaceNotFound',
      'The token sees no workspace. Add its account to the organization, or use the token of a service account.',
    );
  }
  const organizations = workspaces.filter((workspace) => workspace.organization);
  const [first] = organizations;
  const organization = organizations.length === 1 && first ? first : null;
  if (scim && !organization) throw ambiguous(organizations);
  return { workspaces, organizations, organization };
}

function pick(seen: readonly Workspace[], wanted: readonly string[]): readonly Workspace[] {
  const byGid = new Map(seen.map((workspace) => [workspace.gid, workspace]));
  return [...new Set(wanted)].map((gid) => {
    const workspace = byGid.get(gid);
    if (workspace) return workspace;
    throw new DirectoryError(
      'WorkspaceNotFound',
      `The token does not see workspace ${gid} of spec.workspaces. It sees ${listNames(seen)}: mend the list, or give the token's account access.`,
    );
  });
}

function ambiguous(organizations: readonly Workspace[]): DirectoryError {
  return new DirectoryError(
    'AmbiguousOrganization',
    organizations.length === 0
      ? 'SCIM needs an organization, and there is none among the workspaces in scope. Name it in spec.workspaces, or turn SCIM off.'
      : `SCIM speaks of one organization, and several are in scope: ${listNames(organizations)}. Name the one the SCIM token belongs to in spec.workspaces.`,
  );
}

/** As many as fit a status message. */
function listNames(workspaces: readonly Workspace[]): string {
  if (workspaces.length === 0) return 'none';
  const shown = workspaces.slice(0, 5).map(({ gid, name }) => `${gid} (${name.slice(0, 60)})`);
  const more = workspaces.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
