import type { JsonObject } from '@bufbuild/protobuf';
import {
  type Entitlement,
  Entitlement_PurposeValue as Purpose,
} from '../../conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import type { Grant } from '../../conductorone/generated/c1/connector/v2/grant_pb.ts';
import {
  type Resource,
  type ResourceType,
  ResourceType_Trait as Trait,
} from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';
import {
  UserTrait_AccountType as AccountType,
  UserTrait_Status_Status as UserStatus,
} from '../../conductorone/generated/c1/connector/v2/trait_pb.ts';
import { resourceKeyOf } from './ids.ts';
import { userTraitOf } from './resource-rules.ts';

/** An account as a tenant shows it. */
export interface ShownAccount {
  readonly id: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly login: string;
  /** `enabled`, `disabled`, `deleted` or `unspecified`. */
  readonly status: string;
  /** `human`, `service`, `system` or `unspecified`. */
  readonly type: string;
  readonly parent: string | null;
  readonly profile: JsonObject;
  /** Ids of the entitlements that the account holds. */
  readonly entitlements: readonly string[];
}

export interface ShownEntitlement {
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
  readonly slug: string;
  readonly purpose: string;
  /** `type:id` */
  readonly resource: string;
  readonly resourceName: string;
  readonly immutable: boolean;
  readonly holders: number;
}

export interface ShownGrant {
  readonly id: string;
  readonly entitlement: string;
  /** `type:id`, as in `principal`. */
  readonly resource: string;
  readonly principal: string;
  readonly principalName: string;
  readonly immutable: boolean;
}

export function showAccount(resource: Resource, held: readonly string[]): ShownAccount {
  const trait = userTraitOf(resource);
  const primary = trait?.emails.find(({ isPrimary }) => isPrimary) ?? trait?.emails[0];
  const parent = resource.parentResourceId;
  return {
    id: resource.id?.resource ?? '',
    displayName: resource.displayName,
    email: primary?.address ?? null,
    login: trait?.login ?? '',
    status: nameOf(UserStatus, trait?.status?.status),
    type: nameOf(AccountType, trait?.accountType),
    parent: parent === undefined ? null : resourceKeyOf(parent),
    profile: trait?.profile ?? {},
    entitlements: held,
  };
}

export function showEntitlement(entitlement: Entitlement, holders: number): ShownEntitlement {
  const { id, displayName, description, slug, purpose, resource, annotations } = entitlement;
  return {
    id,
    displayName,
    description,
    slug,
    purpose: nameOf(Purpose, purpose),
    resource: resource?.id === undefined ? '' : resourceKeyOf(resource.id),
    resourceName: resource?.displayName ?? '',
    immutable: holdsImmutable(annotations),
    holders,
  };
}

export function showGrant({ id, entitlement, principal, annotations }: Grant): ShownGrant {
  const resource = entitlement?.resource?.id;
  return {
    id,
    entitlement: entitlement?.id ?? '',
    resource: resource === undefined ? '' : resourceKeyOf(resource),
    principal: principal?.id === undefined ? '' : resourceKeyOf(principal.id),
    principalName: principal?.displayName ?? '',
    immutable: holdsImmutable(annotations),
  };
}

export function showResourceType({ id, displayName, traits }: ResourceType): Record<string, unknown> {
  return { id, displayName, traits: traits.map((trait) => nameOf(Trait, trait)) };
}

function holdsImmutable(annotations: readonly { readonly typeUrl: string }[]): boolean {
  return annotations.some(({ typeUrl }) => /\.(Grant|Entitlement)Immutable$/.test(typeUrl));
}

/** Returns the name of an enum value in lower case. */
function nameOf(names: Readonly<Record<string, string | number>>, value: number | undefined): string {
  const name = Object.keys(names).find((key) => names[key] === (value ?? 0));
  return (name ?? String(value)).toLowerCase();
}
