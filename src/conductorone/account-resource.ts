import { create, type JsonObject } from '@bufbuild/protobuf';
import { isActive } from '../directory/account.ts';
import { isEmailAddress } from '../directory/email-address.ts';
import type { Account, Snapshot } from '../directory/snapshot.ts';
import { annotation } from './annotation.ts';
import { RawIdSchema } from './generated/c1/connector/v2/annotation_pb.ts';
import {
  type Resource,
  ResourceSchema,
  Status_ResourceStatus as ResourceStatus,
  StatusSchema,
} from './generated/c1/connector/v2/resource_pb.ts';
import {
  UserTrait_AccountType as AccountType,
  UserTrait_Status_Status as TraitStatus,
  UserTraitSchema,
} from './generated/c1/connector/v2/trait_pb.ts';
import { displayName } from './text.ts';

/** What of the whole directory matters to how one account is shown. */
export interface AccountContext {
  readonly organization: string | null;
  /** The gid of the token's own account if the token is a service account's; null otherwise. */
  readonly serviceAccount: string | null;
}

export function accountContext(
  { organization, self }: Pick<Snapshot, 'organization' | 'self'>,
  { serviceAccount }: { readonly serviceAccount: boolean },
): AccountContext {
  return { organization: organization?.gid ?? null, serviceAccount: serviceAccount ? self : null };
}

/**
 * An account as ConductorOne sees it. Status and profile are written twice, into the trait, where readers before
 * baton-sdk v0.19 look (the `baton` CLI v0.4.3 exports nothing without them), and into the resource.
 */
export function accountResource(account: Account, context: AccountContext): Resource {
  const { gid, email, scim } = account;
  const active = isActive(account, context.organization);
  const profile = profileOf(account, active);
  // The messages' own rule takes no empty or malformed address; service accounts have none at all.
  const address = email !== null && isEmailAddress(email) ? email : null;
  const { givenName, familyName, employeeNumber } = scim?.attributes ?? {};
  const trait = annotation(UserTraitSchema, {
    emails: address === null ? [] : [{ address, isPrimary: true }],
    status: { status: active ? TraitStatus.ENABLED : TraitStatus.DISABLED },
    profile,
    accountType: gid === context.serviceAccount ? AccountType.SERVICE : AccountType.HUMAN,
    login: loginOf(account) ?? '',
    ...(givenName !== undefined || familyName !== undefined
      ? { structuredName: { givenName: givenName ?? '', familyName: familyName ?? '' } }
      : {}),
    employeeIds: employeeNumber === undefined ? [] : [employeeNumber],
  });
  const resource = principalOf(account, context.organization);
  resource.annotations.push(trait, annotation(RawIdSchema, { id: gid }));
  resource.profile = profile;
  resource.status = create(StatusSchema, {
    status: active ? ResourceStatus.ENABLED : ResourceStatus.DISABLED,
  });
  return resource;
}

/** An account as its grants name it. */
export function principalOf(account: Account, organization: string | null): Resource {
  const parent = parentOf(account, organization);
  return create(ResourceSchema, {
    id: { resourceType: 'user', resource: account.gid },
    ...(parent === null ? {} : { parentResourceId: { resourceType: 'workspace', resource: parent } }),
    displayName: displayName(account.name, account.gid),
  });
}

/** One parent, the same in every sync: the organization, else the workspace with the lowest gid. */
function parentOf({ memberships }: Account, organization: string | null): string | null {
  const workspaces = memberships.map(({ workspace }) => workspace);
  if (organization !== null && (workspaces.includes(organization) || workspaces.length === 0))
    return organization;
  return workspaces.toSorted()[0] ?? null;
}

function loginOf({ email, scim }: Account): string | null {
  return scim?.userName ?? email;
}

/** Names of the profile's entries that come from SCIM attributes, as the Go connector writes them. */
const PROFILE_NAMES: Readonly<Record<string, string>> = {
  costCenter: 'cost_center',
  country: 'country',
  department: 'department',
  division: 'division',
  employeeNumber: 'employee_number',
  locality: 'locality',
  managerId: 'manager_id',
  organization: 'organization',
  phone: 'phone',
  preferredLanguage: 'preferred_language',
  region: 'region',
  title: 'title',
};

/** Sorted by key: equal accounts have equal bytes, and readers compare bytes. */
function profileOf(account: Account, active: boolean): JsonObject {
  const { gid, name, scim } = account;
  const attributes = scim?.attributes ?? {};
  const [firstWord, ...otherWords] = name.trim().split(/\s+/);
  const named = attributes['givenName'] !== undefined || attributes['familyName'] !== undefined;
  const entries: [string, string | boolean][] = [
    ['active', active],
    ['first_name', named ? (attributes['givenName'] ?? '') : (firstWord ?? '')],
    ['last_name', named ? (attributes['familyName'] ?? '') : otherWords.join(' ')],
    ['login', loginOf(account) ?? ''],
    ['name', name],
    ['user_id', gid],
  ];
  const userType = scim?.userType ?? null;
  if (userType !== null) entries.push(['user_type', userType]);
  for (const [attribute, key] of Object.entries(PROFILE_NAMES)) {
    const value = attributes[attribute];
    if (value !== undefined) entries.push([key, value]);
  }
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value.toWellFormed() : value]),
  );
}
