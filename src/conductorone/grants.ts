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
 * The roles of one team membership. Whoever is in the team is a member, which can be taken away; what else Asana
 * says of the membership comes beside it. (The Go connector shows one role only, so that an admin is no member.)
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

/** The one role an account has in each of its workspaces; none where its membership has ended. */
export function workspaceRolesOf({
  memberships,
}: Account): readonly { readonly workspace: string; readonly role: WorkspaceRoleSlug }[] {
  return memberships
    .filter(({ active }) => active)
    .map(({ workspace, role }) => ({ workspace, role }))
    .toSorted((a, b) => (a.workspace < b.workspace ? -1 : 1));
}

/** The license an account holds; null for none, and for one that is no longer in use. */
export function heldLicense(account: Account, organization: string | null): License | null {
  return isActive(account, organization) ? account.license : null;
}

/** The id of the grant of this entitlement to this user. */
export function grantId(entitlement: Pick<Entitlement, 'id'>, user: string): string {
  const target = readEntitlementId(entitlement.id);
  return target?.type === 'license'
    ? licenseGrantId(entitlement.id as LicenseId, user)
    : roleGrantId(entitlement.id, user);
}

/** True when the API cannot take this right away. */
export function isImmutable(entitlement: Pick<Entitlement, 'id'>): boolean {
  const target = readEntitlementId(entitlement.id);
  if (target?.type === 'team') return isImmutableTeamRole(target.role);
  return target?.type === 'workspace' && isImmutableWorkspaceRole(target.role);
}

/**
 * A grant. It names its entitlement and its principal (ids, parents, display names) and leaves their details to
 * their own rows: so does ConductorOne's own Asana connector, readers look the rest up by id, and a new job title
 * does not change the bytes of every grant of a person. (The newest Go writers leave out even the names, which
 * readers before 2026 cannot follow.)
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
