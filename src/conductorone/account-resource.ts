import { create, type JsonObject } from '@bufbuild/protobuf';
import { addressOf, isActive, membershipIn } from '../directory/account.ts';
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

/** The facts about the whole directory that affect how an account is presented. */
export interface AccountContext {
  readonly organization: string | null;
  /** The gid of the token's own account if that is a service account; `null` otherwise. */
  readonly serviceAccount: string | null;
}

export function accountContext(
  { organization, self }: Pick<Snapshot, 'organization' | 'self'>,
  { serviceAccount }: { readonly serviceAccount: boolean },
): AccountContext {
  return { organization: organization?.gid ?? null, serviceAccount: serviceAccount ? self : null };
}

/** An account as reported to ConductorOne, in plain values. Messages and c1z rows are both built from it. */
export interface AccountFacts {
  readonly gid: string;
  /** The gid of the parent workspace; `null` if the account has none. */
  readonly parent: string | null;
  readonly displayName: string;
  readonly active: boolean;
  readonly serviceAccount: boolean;
  /** `null` unless it passes the validation rule of the messages. Service accounts have no address. */
  readonly address: string | null;
  readonly login: string;
  readonly structuredName: { readonly givenName: string; readonly familyName: string } | null;
  readonly employeeNumber: string | null;
  /** Sorted by key, so that equal accounts encode to equal bytes: readers compare bytes. */
  readonly profile: readonly (readonly [key: string, value: string | boolean])[];
}

export function accountFacts(
  account: Account,
  { organization, serviceAccount }: AccountContext,
): AccountFacts {
  const { gid, scim } = account;
  const address = addressOf(account);
  const active = isEnabled(account, organization);
  const { givenName, familyName, employeeNumber } = scim?.attributes ?? {};
  return {
    gid,
    parent: parentOf(account, organization),
    displayName: displayName(account.name, gid),
    active,
    serviceAccount: gid === serviceAccount,
    address: address !== null && isEmailAddress(address) ? address : null,
    login: loginOf(account) ?? '',
    structuredName:
      givenName !== undefined || familyName !== undefined
        ? { givenName: givenName ?? '', familyName: familyName ?? '' }
        : null,
    employeeNumber: employeeNumber ?? null,
    profile: profileOf(account, active),
  };
}

/** Whether the account is enabled. If it was never in the organization, its other workspaces decide. */
function isEnabled(account: Account, organization: string | null): boolean {
  const isElsewhere =
    organization !== null && account.memberships.length > 0 && !membershipIn(account, organization);
  return isActive(account, isElsewhere ? null : organization);
}

/**
 * Returns an account as a ConductorOne resource. Status and profile are written twice: into the trait, for readers
 * before baton-sdk v0.19 (the `baton` CLI v0.4.3 exports nothing without them), and into the resource.
 */
export function accountResource(account: Account, context: AccountContext): Resource {
  const facts = accountFacts(account, context);
  const { gid, address, login, structuredName, employeeNumber } = facts;
  const profile: JsonObject = Object.fromEntries(facts.profile);
  const trait = annotation(UserTraitSchema, {
    emails: address === null ? [] : [{ address, isPrimary: true }],
    status: { status: traitStatus(facts) },
    profile,
    accountType: accountType(facts),
    login,
    ...(structuredName === null ? {} : { structuredName }),
    employeeIds: employeeNumber === null ? [] : [employeeNumber],
  });
  const resource = principalOf(account, context.organization);
  resource.annotations.push(trait, annotation(RawIdSchema, { id: gid }));
  resource.profile = profile;
  resource.status = create(StatusSchema, { status: resourceStatus(facts) });
  return resource;
}

export function traitStatus({ active }: AccountFacts): TraitStatus {
  return active ? TraitStatus.ENABLED : TraitStatus.DISABLED;
}

export function resourceStatus({ active }: AccountFacts): ResourceStatus {
  return active ? ResourceStatus.ENABLED : ResourceStatus.DISABLED;
}

export function accountType({ serviceAccount }: AccountFacts): AccountType {
  return serviceAccount ? AccountType.SERVICE : AccountType.HUMAN;
}

/** Returns an account in the short form in which its grants contain it. */
export function principalOf(account: Account, organization: string | null): Resource {
  const parent = parentOf(account, organization);
  return create(ResourceSchema, {
    id: { resourceType: 'user', resource: account.gid },
    ...(parent === null ? {} : { parentResourceId: { resourceType: 'workspace', resource: parent } }),
    displayName: displayName(account.name, account.gid),
  });
}

/** Returns one parent, the same in every sync: the organization, else the workspace with the lowest gid. */
function parentOf({ memberships }: Account, organization: string | null): string | null {
  const workspaces = memberships.map(({ workspace }) => workspace);
  if (organization !== null && (workspaces.includes(organization) || workspaces.length === 0))
    return organization;
  return workspaces.toSorted()[0] ?? null;
}

function loginOf(account: Account): string | null {
  return account.scim?.userName ?? addressOf(account);
}

/** SCIM attributes and the profile keys under which the Go connector writes them. */
const PROFILE_NAMES: readonly (readonly [attribute: string, key: string])[] = Object.entries({
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
});

function profileOf(account: Account, active: boolean): [key: string, value: string | boolean][] {
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
  for (const [attribute, key] of PROFILE_NAMES) {
    const value = attributes[attribute];
    if (value !== undefined) entries.push([key, value]);
  }
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const entry of entries) if (typeof entry[1] === 'string') entry[1] = entry[1].toWellFormed();
  return entries;
}
