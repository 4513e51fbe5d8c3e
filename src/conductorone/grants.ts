import { create } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { isActive } from '../directory/account.ts';
import type { Account, License, TeamMembership } from '../directory/snapshot.ts';
import { annotation } from './annotation.ts';
import { isImmutableTeamRole, isImmutableWorkspaceRole } from './entitlements.ts';
import { GrantImmutableSchema } from './generated/c1/connector/v2/annotation_pb.ts';
import { type Entitlement, EntitlementSchema } from './generated/c1/connector/v2/entitlement_pb.ts';
import { type Grant, GrantSchema } from './generated/c1/connector/v2/grant_pb.ts';
import { type Resource, ResourceSchema } from './generated/c1/connector/v2/resource_pb.ts';
import {
  type LicenseId,
  licenseGrantId,
  readEntitlementId,
  roleGrantId,
  type TeamRole,
  type WorkspaceRoleSlug,
} from './ids.ts';

/**
 * Returns the roles of one team membership. Everybody in the team is a Team Member, which can be revoked; the flags of
 * the membership add further roles. (The Go connector shows only one role, so its admins are not members.)
 */
export function teamRolesOf({
  admin,
  guest,
  limitedAccess,
}: Pick<TeamMembership, 'admin' | 'guest' | 'limitedAccess'>): readonly TeamRole[] {
  const roles: TeamRole[] = ['Team Member'];
  if (admin) roles.push('Admin');
  if (guest) roles.push('Guest');
  if (limitedAccess) roles.push('Limited Access');
  return roles;
}

/** Returns the one role of an account in each of its workspaces, without those where its membership has ended. */
export function workspaceRolesOf({
  memberships,
}: Account): readonly { readonly workspace: string; readonly role: WorkspaceRoleSlug }[] {
  return memberships
    .filter(({ active }) => active)
    .map(({ workspace, role }) => ({ workspace, role }))
    .toSorted((a, b) => (a.workspace < b.workspace ? -1 : 1));
}

/** Returns the license that an account holds; `null` if it holds none or is not active any more. */
export function heldLicense(account: Account, organization: string | null): License | null {
  return isActive(account, organization) ? account.license : null;
}

/** Returns the id of the grant of this entitlement to this user. */
export function grantId(entitlement: Pick<Entitlement, 'id'>, user: string): string {
  const target = readEntitlementId(entitlement.id);
  return target?.type === 'license'
    ? licenseGrantId(entitlement.id as LicenseId, user)
    : roleGrantId(entitlement.id, user);
}

/** Whether the API cannot revoke this right. */
export function isImmutable(entitlement: Pick<Entitlement, 'id'>): boolean {
  const target = readEntitlementId(entitlement.id);
  if (target?.type === 'team') return isImmutableTeamRole(target.role);
  return target?.type === 'workspace' && isImmutableWorkspaceRole(target.role);
}

/**
 * Returns a grant. It contains only the ids, parents and display names of its entitlement and principal; the details
 * are in their own rows. ConductorOne's own Asana connector does the same, readers look up the rest by id, and a new
 * job title does not change the bytes of all grants of a person. (The newest Go writers omit even the names, which
 * readers before 2026 do not support.)
 */
export function grantOf(entitlement: Entitlement, principal: Resource): Grant {
  return create(GrantSchema, {
    entitlement: nameEntitlement(entitlement),
    principal: nameResource(principal),
    id: grantId(entitlement, principal.id?.resource ?? ''),
    annotations: grantAnnotations(isImmutable(entitlement)),
  });
}

export function grantAnnotations(immutable: boolean): Any[] {
  return immutable ? [annotation(GrantImmutableSchema, {})] : [];
}

function nameEntitlement({ resource, id, displayName, purpose, slug }: Entitlement): Entitlement {
  return create(EntitlementSchema, {
    ...(resource ? { resource: nameResource(resource) } : {}),
    id,
    displayName,
    purpose,
    slug,
  });
}

function nameResource({ id, parentResourceId, displayName }: Resource): Resource {
  return create(ResourceSchema, {
    ...(id ? { id } : {}),
    ...(parentResourceId ? { parentResourceId } : {}),
    displayName,
  });
}
