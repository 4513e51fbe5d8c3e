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

/** Whether the API cannot change this team role: it only adds and removes members, people set the other roles. */
export function isImmutableTeamRole(role: TeamRole): boolean {
  return role !== 'Team Member';
}

/**
 * Whether the API cannot change this workspace role: only Admin, which no API assigns or removes. A guest is a guest
 * because of the address, and is removed from the workspace like a member.
 */
export function isImmutableWorkspaceRole(role: WorkspaceRoleSlug): boolean {
  return role === 'Admin';
}

/** A resource and its entitlements, by role. */
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

/** @param team the team's display name */
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

/** The id and texts of a role's entitlement, and whether the API cannot assign and remove the role. */
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

/** Returns the fields that all entitlements of a role share, whatever their resource. */
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
