import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { License, Workspace } from '../directory/snapshot.ts';
import { annotation } from './annotation.ts';
import { EntitlementImmutableSchema } from './generated/c1/connector/v2/annotation_pb.ts';
import {
  type Entitlement,
  EntitlementSchema,
  Entitlement_PurposeValue as Purpose,
} from './generated/c1/connector/v2/entitlement_pb.ts';
import type { Resource } from './generated/c1/connector/v2/resource_pb.ts';
import {
  licenseIds,
  roleEntitlementId,
  type TeamRole,
  teamRoles,
  type WorkspaceRoleSlug,
  workspaceRoles,
} from './ids.ts';
import { userType } from './resource-types.ts';
import { licenseResource, type TeamHead, teamResource, workspaceResource } from './resources.ts';
import { displayName } from './text.ts';

/** Membership is all that Asana's API gives and takes; the other roles of a team are set by people. */
export function isImmutableTeamRole(role: TeamRole): boolean {
  return role !== 'Team Member';
}

/**
 * Only the admin role: no API makes or unmakes an admin. A guest is one by the address, and is taken out of the
 * workspace like a member.
 */
export function isImmutableWorkspaceRole(role: WorkspaceRoleSlug): boolean {
  return role === 'Admin';
}

/** A resource and the rights it offers, by role. */
export interface Offer<Role extends string> {
  readonly resource: Resource;
  readonly entitlements: Readonly<Record<Role, Entitlement>>;
}

export function teamOffer(team: TeamHead): Offer<TeamRole> {
  const resource = teamResource(team);
  const offer = (role: TeamRole) =>
    roleEntitlement(resource, role, teamRoleWords(team.gid, resource.displayName, role));
  return { resource, entitlements: byRole(teamRoles, offer) };
}

/** @param team as it is displayed */
export function teamRoleWords(gid: string, team: string, role: TeamRole): RoleWords {
  return {
    id: roleEntitlementId('team', gid, role),
    name: displayName(`${team} ${role === 'Team Member' ? role : `Team ${role}`}`),
    description: displayName(`Role in ${team} Asana team`),
    immutable: isImmutableTeamRole(role),
  };
}

export function workspaceOffer(workspace: Workspace): Offer<WorkspaceRoleSlug> {
  const resource = workspaceResource(workspace);
  const offer = (role: WorkspaceRoleSlug) =>
    roleEntitlement(resource, role, {
      id: roleEntitlementId('workspace', workspace.gid, role),
      name: displayName(`${resource.displayName} Workspace ${role}`),
      description: displayName(`Role in ${resource.displayName} Asana workspace`),
      immutable: isImmutableWorkspaceRole(role),
    });
  return { resource, entitlements: byRole(workspaceRoles, offer) };
}

export function licenseOffer(license: License): Offer<'holder'> {
  const resource = licenseResource(license);
  const id = licenseIds[license];
  const entitlement = create(EntitlementSchema, {
    resource,
    id,
    displayName: `${resource.displayName} Assignment`,
    description: `Grants a ${resource.displayName} to a user`,
    grantableTo: [userType],
    purpose: Purpose.ASSIGNMENT,
    slug: id,
  });
  return { resource, entitlements: { holder: entitlement } };
}

/** What a role's entitlement is called, and whether the API can give and take it. */
interface RoleWords {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly immutable: boolean;
}

function roleEntitlement(
  resource: Resource,
  slug: string,
  { id, name, description, immutable }: RoleWords,
): Entitlement {
  return create(EntitlementSchema, {
    resource,
    id,
    displayName: name,
    description,
    ...roleFields(slug, immutable),
  });
}

/** What the entitlements of a role have in common, whatever they are of. */
export function roleFields(slug: string, immutable: boolean) {
  return {
    grantableTo: [userType],
    annotations: immutable ? [annotation(EntitlementImmutableSchema, {})] : [],
    purpose: Purpose.PERMISSION,
    slug,
  } satisfies MessageInitShape<typeof EntitlementSchema>;
}

function byRole<Role extends string>(
  roles: readonly Role[],
  offer: (role: Role) => Entitlement,
): Record<Role, Entitlement> {
  return Object.fromEntries(roles.map((role) => [role, offer(role)])) as Record<Role, Entitlement>;
}
