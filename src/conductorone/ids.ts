import type { License } from '../directory/snapshot.ts';

/**
 * The ids by which ConductorOne keys what it knows. They are those of ConductorOne's own Asana connector byte for
 * byte (github.com/conductorone/baton-asana), so that a tenant can put this program in its place.
 */
export type ResourceTypeId = 'user' | 'team' | 'workspace' | 'license';

/** The ids of the two licenses. They stay, whatever `scim.userTypes` calls them in this organization. */
export const licenseIds = { Enterprise: 'enterprise', ViewOnly: 'view only' } as const satisfies Record<
  License,
  string
>;

export type LicenseId = (typeof licenseIds)[License];

export const teamRoles = ['Team Member', 'Admin', 'Guest', 'Limited Access'] as const;
export type TeamRole = (typeof teamRoles)[number];

export const workspaceRoles = ['Member', 'Admin', 'Guest'] as const;
export type WorkspaceRoleSlug = (typeof workspaceRoles)[number];

/** Of a role of a team or a workspace: `team:501:Team Member`. */
export function roleEntitlementId(type: 'team' | 'workspace', gid: string, role: string): string {
  return `${type}:${gid}:${role}`;
}

/** Of a role: `team:501:Team Member:user:905`. */
export function roleGrantId(entitlementId: string, user: string): string {
  return `${entitlementId}:user:${user}`;
}

/** Of a license: `enterprise:905`, without the principal's type. */
export function licenseGrantId(license: LicenseId, user: string): string {
  return `${license}:${user}`;
}

/** What an entitlement id stands for. */
export type EntitlementTarget =
  | { readonly type: 'license'; readonly license: License }
  | { readonly type: 'team'; readonly gid: string; readonly role: TeamRole }
  | { readonly type: 'workspace'; readonly gid: string; readonly role: WorkspaceRoleSlug };

/** Reads an entitlement id; null for one that this connector never gave. Roles hold spaces, gids no colons. */
export function readEntitlementId(id: string): EntitlementTarget | null {
  for (const license of Object.keys(licenseIds) as License[]) {
    if (licenseIds[license] === id) return { type: 'license', license };
  }
  const [, type, gid, slug] = /^(team|workspace):([^:]+):(.+)$/.exec(id) ?? [];
  if (gid === undefined) return null;
  if (type === 'team') {
    const role = teamRoles.find((known) => known === slug);
    return role ? { type, gid, role } : null;
  }
  const role = workspaceRoles.find((known) => known === slug);
  return role ? { type: 'workspace', gid, role } : null;
}

/**
 * Reads a grant id; null for one that this connector never gave. For grants that come without their parts: those
 * parts, where they are there, say the same more safely.
 */
export function readGrantId(id: string): { readonly entitlement: string; readonly user: string } | null {
  const license = Object.values(licenseIds).find((known) => id.startsWith(`${known}:`));
  if (license !== undefined) return { entitlement: license, user: id.slice(license.length + 1) };
  const [, entitlement, user] = /^(.+):user:(.+)$/.exec(id) ?? [];
  return entitlement === undefined || user === undefined ? null : { entitlement, user };
}
