import type { JsonObject } from '@bufbuild/protobuf';
import { InvalidInputError } from '../core/errors.ts';
import { isEmailAddress } from '../directory/email-address.ts';
import { RefusedError } from '../provisioning/refusal.ts';
import type { Wish } from '../provisioning/right.ts';
import type { TaskRequest } from '../provisioning/task-request.ts';
import { isImmutableTeamRole, isImmutableWorkspaceRole } from './entitlements.ts';
import type { AccountInfo } from './generated/c1/connector/v2/resource_pb.ts';
import { type EntitlementTarget, readEntitlementId, readGrantId } from './ids.ts';

/** The resource that gets or loses a right. Only the type `user` is accepted. */
export interface Principal {
  readonly type: string;
  readonly id: string;
}

/** A grant to revoke, identified by its parts; a missing part is read from the id. */
export interface GrantParts {
  readonly id: string;
  readonly entitlement?: string | undefined;
  readonly principal?: Principal | undefined;
}

/** Asana documents its ids as opaque; those seen are 64-bit decimal numbers. */
const GID = /^[\w-]{1,64}$/;

/**
 * Translates granting an entitlement into a request.
 * @throws RefusedError `EntitlementNotFound`, `InvalidPrincipal`, `AccountNotFound`, or `ImmutableRole` for a role that
 * no API assigns
 */
export function grantRequestOf(entitlement: string, principal: Principal): TaskRequest {
  const target = targetOf(entitlement);
  const user = userOf(principal);
  refuseImmutable(target, GIVE_BY_HAND);
  if (target.type === 'workspace' && target.role === 'Guest') throw immutable(target, NO_CHOICE);
  return { wish: wishOf(target), want: 'Give', user };
}

/**
 * Translates revoking a grant into a request.
 * @throws RefusedError as `grantRequestOf`
 */
export function revokeRequestOf(grant: GrantParts): TaskRequest {
  const read = readGrantId(grant.id);
  const target = targetOf(grant.entitlement ?? read?.entitlement ?? grant.id);
  const user = userOf(grant.principal ?? { type: 'user', id: read?.user ?? '' });
  refuseImmutable(target, TAKE_BY_HAND);
  return { wish: wishOf(target), want: 'Take', user };
}

function wishOf(target: EntitlementTarget): Wish {
  switch (target.type) {
    case 'license':
      return { type: 'License', license: target.license };
    case 'team':
      return { type: 'Team', team: { gid: target.gid } };
    case 'workspace':
      return { type: 'Workspace', workspace: target.gid };
  }
}

function refuseImmutable(target: EntitlementTarget, remedy: (target: Role) => string): void {
  if (target.type === 'license') return;
  const isFixed =
    target.type === 'team' ? isImmutableTeamRole(target.role) : isImmutableWorkspaceRole(target.role);
  if (isFixed) throw immutable(target, remedy);
}

function targetOf(entitlement: string): EntitlementTarget {
  const target = readEntitlementId(entitlement);
  if (target && (target.type === 'license' || GID.test(target.gid))) return target;
  throw new RefusedError(
    'EntitlementNotFound',
    `${quote(entitlement)} is not an entitlement of this connector. Sync the connector in ConductorOne, and request an entitlement that it shows.`,
  );
}

function userOf({ type, id }: Principal): TaskRequest['user'] {
  if (type !== 'user') {
    throw new RefusedError(
      'InvalidPrincipal',
      `Only users can have access in Asana, and ${quote(`${type}:${id}`)} is not a user. Request it for a user.`,
    );
  }
  if (GID.test(id)) return { gid: id };
  if (id === '') {
    throw new RefusedError('InvalidPrincipal', 'The task does not specify a user. Request the access again.');
  }
  throw new RefusedError(
    'AccountNotFound',
    `${quote(id)} is not an account in Asana. Sync the connector in ConductorOne, and choose an account that it shows.`,
  );
}

type Role = Exclude<EntitlementTarget, { type: 'license' }>;

const GIVE_BY_HAND = ({ type, role }: Role) =>
  type === 'team'
    ? `an administrator of the team assigns the role ${role} in the team settings in Asana. Only membership can be requested: Team Member.`
    : 'an admin of the organization assigns it in the Admin Console. Only membership can be requested: Member.';

const TAKE_BY_HAND = ({ type, role }: Role) =>
  type === 'team'
    ? `an administrator of the team removes the role ${role} in the team settings in Asana. To remove the person from the team, revoke Team Member.`
    : 'an admin of the organization first makes the person a member in the Admin Console. Then membership can be revoked.';

const NO_CHOICE = () =>
  'a person is a guest if their email address is outside the domains of the organization. Request Member: Asana assigns the correct role.';

function immutable(target: Role, remedy: (target: Role) => string): RefusedError {
  const { type, role } = target;
  return new RefusedError(
    'ImmutableRole',
    `The API of Asana cannot assign or remove the ${type} role ${role}: ${remedy(target)}`,
  );
}

/** The data of a new account, from the message of a task or from flags. */
export type NewAccount = Pick<AccountInfo, 'login' | 'profile'> & {
  readonly emails: readonly { readonly address: string; readonly isPrimary: boolean }[];
};

/** Asana's limit is not documented; people's names are shorter. */
const LONGEST_NAME = 256;

/**
 * Translates creating an account into a request. The profile holds the answers to `accountCreationSchema`; if it has no
 * address, the account's own addresses are used, then its login. Other profile fields (the Go connector asked for a
 * license) are ignored: an account starts view-only, and an enterprise license is requested afterwards.
 * @throws RefusedError `InvalidEmail`; `WorkspaceNotFound` for an invalid workspace id
 * @throws InvalidInputError for a field that is not a string: ignoring it would create the account differently
 */
export function createAccountRequestOf({ emails, login, profile = {} }: NewAccount): TaskRequest {
  const primary = emails.find(({ isPrimary }) => isPrimary) ?? emails[0];
  const address = textIn(profile, 'email') ?? nonEmpty(primary?.address) ?? nonEmpty(login);
  if (address === null) {
    throw new RefusedError(
      'InvalidEmail',
      'The task specifies no email address for the new account. Map one to the field Email.',
    );
  }
  if (!isEmailAddress(address)) {
    throw new RefusedError(
      'InvalidEmail',
      `${quote(address)} is not an email address. Correct the mapping of the field Email.`,
    );
  }
  return {
    wish: { type: 'Account', workspace: workspaceIn(profile) },
    want: 'Give',
    // Accounts are looked up by lower-cased address.
    user: { email: address.toLowerCase(), name: nameIn(profile) },
  };
}

function nameIn(profile: JsonObject): string | null {
  const parts = [textIn(profile, 'first_name'), textIn(profile, 'last_name')].filter((part) => part !== null);
  const name = parts.length > 0 ? parts.join(' ') : textIn(profile, 'name');
  return name === null ? null : name.slice(0, LONGEST_NAME).toWellFormed();
}

function workspaceIn(profile: JsonObject): string | null {
  const workspace = textIn(profile, 'workspace_id');
  if (workspace === null || GID.test(workspace)) return workspace;
  throw new RefusedError(
    'WorkspaceNotFound',
    `${quote(workspace)} is not the ID of a workspace. Set the field Workspace ID to a gid, or leave it empty for the default workspace of the connector.`,
  );
}

function textIn(profile: JsonObject, field: string): string | null {
  const value = Object.hasOwn(profile, field) ? profile[field] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return nonEmpty(value);
  throw new InvalidInputError(
    `${field} of the profile`,
    'must be a text: put the value in quotes, or correct the mapping of the field in ConductorOne',
  );
}

function nonEmpty(text: string | undefined): string | null {
  return text?.trim() || null;
}

/** Quotes untrusted text of a task for a message: control characters are escaped and the length is limited. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200).toWellFormed());
}
