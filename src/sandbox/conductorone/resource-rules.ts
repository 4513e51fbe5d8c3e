import { fromBinary } from '@bufbuild/protobuf';
import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt';
import {
  type Resource,
  ResourceType_Trait as Trait,
} from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';
import { type UserTrait, UserTraitSchema } from '../../conductorone/generated/c1/connector/v2/trait_pb.ts';
import { checkAnnotations, checkBytes, invalid, isAddress } from './message-rules.ts';
import { registry } from './registry.ts';

const ID = { min: 1, max: 1024 } as const;
const PACKAGE = 'type.googleapis.com/c1.connector.v2.';
/**
 * Annotations that connectors other than ours send. Not listed: BatonID, which the SDK keeps to itself and which fails
 * a sync, and GrantExpandable, which belongs in a column of its own.
 */
const OF_OTHERS: ReadonlySet<string> = new Set([
  'Aliases',
  'AppTrait',
  'CapabilityPermissions',
  'EntitlementExclusionGroup',
  'ExternalLink',
  'GrantMetadata',
  'LicenseProfileTrait',
  'NonHumanIdentityTrait',
  'OptInRequired',
  'SecretTrait',
  'SecurityInsightTrait',
  'SkipEntitlements',
  'SkipGrants',
  'SkipSyncAnomalyDetection',
  'V1Identifier',
]);

/** The annotation that a resource of a type with this trait must carry. */
const TRAIT_ANNOTATIONS: ReadonlyMap<Trait, string> = new Map([
  [Trait.USER, 'UserTrait'],
  [Trait.GROUP, 'GroupTrait'],
  [Trait.ROLE, 'RoleTrait'],
  [Trait.APP, 'AppTrait'],
  [Trait.SECRET, 'SecretTrait'],
]);

/**
 * Checks a resource by the rules of its proto and, given the traits of its type, that it has their annotations.
 * @throws ConnectError InvalidArgument naming the field
 */
export function checkResource(field: string, resource: Resource, traits: readonly Trait[] = []): void {
  const { id, parentResourceId: parent } = resource;
  if (id === undefined) throw invalid(`${field}.id`, 'is required');
  checkBytes(`${field}.id.resource_type`, id.resourceType, ID);
  checkBytes(`${field}.id.resource`, id.resource, ID);
  if (parent !== undefined) {
    checkBytes(`${field}.parent_resource_id.resource_type`, parent.resourceType, ID);
    checkBytes(`${field}.parent_resource_id.resource`, parent.resource, ID);
  }
  checkBytes(`${field}.display_name`, resource.displayName, { min: 0, max: 1024 });
  checkBytes(`${field}.description`, resource.description, { min: 0, max: 2048 });
  checkKnownAnnotations(`${field}.annotations`, resource.annotations);
  for (const trait of traits) {
    const name = TRAIT_ANNOTATIONS.get(trait);
    const found = resource.annotations.filter(({ typeUrl }) => typeUrl === `${PACKAGE}${name}`);
    if (name !== undefined && found.length !== 1)
      throw invalid(
        `${field}.annotations`,
        `must hold one ${name}, as the type of the resource has that trait`,
      );
  }
  const trait = userTraitOf(resource);
  if (trait !== null) checkUserTrait(`${field}.annotations.UserTrait`, trait);
}

/** Returns the trait that makes a resource a user; `null` if it has none. */
export function userTraitOf({ annotations }: Pick<Resource, 'annotations'>): UserTrait | null {
  const found = annotations.find(({ typeUrl }) => typeUrl === `${PACKAGE}UserTrait`);
  return found === undefined ? null : fromBinary(UserTraitSchema, found.value);
}

/** Checks that ConductorOne knows every annotation, and that each can be decoded. */
export function checkKnownAnnotations(field: string, annotations: readonly Any[]): void {
  checkAnnotations(field, annotations);
  for (const [index, annotation] of annotations.entries()) {
    const path = `${field}[${index}]`;
    const ours = registry.getMessage(annotation.typeUrl.slice('type.googleapis.com/'.length)) !== undefined;
    const name = annotation.typeUrl.slice(PACKAGE.length);
    if (!annotation.typeUrl.startsWith(PACKAGE) || !(ours || OF_OTHERS.has(name)))
      throw invalid(`${path}.type_url`, 'must be an annotation of c1.connector.v2 that connectors may send');
    unpack(path, annotation);
  }
}

function unpack(path: string, annotation: Any): void {
  try {
    anyUnpack(annotation, registry);
  } catch {
    throw invalid(`${path}.value`, 'cannot be read as what its type says');
  }
}

function checkUserTrait(field: string, { emails, login, loginAliases, employeeIds }: UserTrait): void {
  for (const [index, { address }] of emails.entries()) {
    if (!isAddress(address)) throw invalid(`${field}.emails[${index}].address`, 'must be an email address');
  }
  if (emails.filter(({ isPrimary }) => isPrimary).length > 1)
    throw invalid(`${field}.emails`, 'must not have two primary ones');
  checkBytes(`${field}.login`, login, { min: 0, max: 1024 });
  for (const alias of loginAliases) checkBytes(`${field}.login_aliases`, alias, { min: 1, max: 1024 });
  for (const id of employeeIds) checkBytes(`${field}.employee_ids`, id, { min: 1, max: 1024 });
}
