import type { ResourceId } from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';

// The ids of ConductorOne's own Asana connector (github.com/conductorone/baton-asana), by which a tenant recognizes its
// objects. Duplicated here on purpose: a check must not share code with what it checks.

type IdParts = Pick<ResourceId, 'resourceType' | 'resource'>;

/** The licenses: the only resources whose single entitlement has the id of the resource. */
const LICENSES: ReadonlySet<string> = new Set(['enterprise', 'view only']);

/** The roles that a resource of each type offers: the slugs of its entitlements. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  team: ['Team Member', 'Admin', 'Guest', 'Limited Access'],
  workspace: ['Member', 'Admin', 'Guest'],
};

/** Returns a key like `team:501`. */
export function resourceKeyOf({ resourceType, resource }: IdParts): string {
  return `${resourceType}:${resource}`;
}

/** Returns an id like `team:501:Team Member:user:905`, or `enterprise:905` for a license. */
export function grantIdOf(
  entitlement: { readonly resource: IdParts; readonly id: string },
  principal: IdParts,
): string {
  return entitlement.resource.resourceType === 'license'
    ? `${entitlement.id}:${principal.resource}`
    : `${entitlement.id}:${resourceKeyOf(principal)}`;
}

/** Returns what is wrong with the id of an entitlement of this resource; `null` if nothing is. */
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
