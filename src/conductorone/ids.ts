import type { License } from '../directory/snapshot.ts';

/**
 * The ids in this file are ConductorOne's keys. They equal those of ConductorOne's own Asana connector byte for byte
 * (github.com/conductorone/baton-asana), so that a tenant can replace that connector with this program.
 */
export type ResourceTypeId = 'user' | 'team' | 'workspace' | 'license';

/** The ids of the two licenses, whatever `scim.userTypes` calls the licenses in this organization. */
export const licenseIds = { Enterprise: 'enterprise', ViewOnly: 'view only' } as const satisfies Record<
  License,
  string
>;

export type LicenseId = (typeof licenseIds)[License];

export const teamRoles = ['Team Member', 'Admin', 'Guest', 'Limited Access'] as const;
export type TeamRole = (typeof teamRoles)[number];

export const workspaceRoles = ['Member', 'Admin', 'Guest'] as const;
export type WorkspaceRoleSlug = (typeof workspaceRoles)[number];

/** Returns the entitlement id of a role in a team or workspace: `team:501:Team Member`. */
export function roleEntitlementId(type: 'team' | 'workspace', gid: string, role: string): string {
  return `${type}:${gid}:${role}`;
}

/** Returns the grant id of a role: `team:501:Team Member:user:905`. */
export function roleGrantId(entitlementId: string, user: string): string {
  return `${entitlementId}:user:${user}`;
}

/** Returns the grant id of a license: `enterprise:905`, without the principal's type. */
export function licenseGrantId(license: LicenseId, user: string): string {
  return `${license}:${user}`;
}

/** The right that an entitlement id identifies. */
export type EntitlementTarget =
  | { readonly type: 'license'; readonly license: License }
  | { readonly type: 'team'; readonly gid: string; readonly role: TeamRole }
  | { readonly type: 'workspace'; readonly gid: string; readonly role: WorkspaceRoleSlug };

/** Parses an entitlement id; `null` if this connector does not issue it. Roles contain spaces, gids no colons. */
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
 * Parses a grant id; `null` if this connector does not issue it. For grants that arrive without their parts: the parts,
 * if present, are more reliable.
 */
export function readGrantId(id: string): { readonly entitlement: string; readonly user: string } | null {
  const license = Object.values(licenseIds).find((known) => id.startsWith(`${known}:`));
  if (license !== undefined) return { entitlement: license, user: id.slice(license.length + 1) };
  const [, entitlement, user] = /^(.+):user:(.+)$/.exec(id) ?? [];
  return entitlement === undefined || user === undefined ? null : { entitlement, user };
}
