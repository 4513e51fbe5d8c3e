import { create } from '@bufbuild/protobuf';
import { annotation } from './annotation.ts';
import { SkipEntitlementsAndGrantsSchema } from './generated/c1/connector/v2/annotation_pb.ts';
import {
  type ResourceType,
  ResourceTypeSchema,
  ResourceType_Trait as Trait,
} from './generated/c1/connector/v2/resource_pb.ts';
import type { ResourceTypeId } from './ids.ts';

/** Users hold rights but offer none, so readers need not ask for their entitlements. */
export const userType: ResourceType = create(ResourceTypeSchema, {
  id: 'user' satisfies ResourceTypeId,
  displayName: 'User',
  traits: [Trait.USER],
  annotations: [annotation(SkipEntitlementsAndGrantsSchema, {})],
});

const teamType: ResourceType = create(ResourceTypeSchema, {
  id: 'team' satisfies ResourceTypeId,
  displayName: 'Team',
  traits: [Trait.GROUP],
});

const workspaceType: ResourceType = create(ResourceTypeSchema, {
  id: 'workspace' satisfies ResourceTypeId,
  displayName: 'Workspace',
  traits: [Trait.GROUP],
});

/** A role rather than a license profile: readers before May 2026 do not know the trait of the latter. */
const licenseType: ResourceType = create(ResourceTypeSchema, {
  id: 'license' satisfies ResourceTypeId,
  displayName: 'License',
  traits: [Trait.ROLE],
});

/** Returns the resource types of a connector, ordered by id; licenses only if SCIM is on. */
export function resourceTypes({ licenses }: { readonly licenses: boolean }): readonly ResourceType[] {
  return [...(licenses ? [licenseType] : []), teamType, userType, workspaceType];
}
