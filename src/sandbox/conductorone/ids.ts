import type { ResourceId } from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';

// The ids of ConductorOne's own Asana connector (github.com/conductorone/baton-asana), by which a tenant knows its
// objects again. Written down here a second time on purpose: what checks must not share what it checks.

type IdParts = Pick<ResourceId, 'resourceType' | 'resource'>;

/** The licenses; the only resources whose one entitlement has their own id. */
const LICENSES: ReadonlySet<string> = new Set(['enterprise', 'view only']);

/** The roles that a resource of a type offers: the slugs of its entitlements. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  team: ['Team Member', 'Admin', 'Guest', 'Limited Access'],
  workspace: ['Member', 'Admin', 'Guest'],
};

/** `team:501` */
export function resourceKeyOf({ resourceType, resource }: IdParts): string {
  return `${resourceType}:${resource}`;
}

/** `team:501:Team Member:user:905`, but `enterprise:905` */
export function grantIdOf(
  entitlement: { readonly resource: IdParts; readonly id: string },
  principal: IdParts,
): string {
  return entitlement.resource.resourceType === 'license'
    ? `${entitlement.id}:${principal.resource}`
    : `${entitlement.id}:${resourceKeyOf(principal)}`;
}

/** What is wrong with the id of an entitlement of this resource; null for nothing. */
export function faultOfEntitlementId(id: string, slug: string, resource: IdParts): string | null {
  if (resource.resourceType === 'license') {
    if (!LICENSES.has(resource.resource)) return `there is no license ${JSON.stringify(resource.resource)}`;
    return id === resource.resource ? null : 'of a license must be the id of the license';
  }
  const roles = ROLES[resource.resourceType];
  if (roles === undefined) return `a ${resource.resourceType} offers no entitlements`;
  if (id !== `${resourceKeyOf(resource)}:${slug}`) return 'must be the resource and the slug';
  return roles.includes(slug) ? null : `a ${resource.resourceType} has no role ${JSON.stringify(slug)}`;
}
