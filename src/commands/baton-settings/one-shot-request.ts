import { InvalidInputError } from '../../core/errors.ts';
import { nameOf } from './setting-rules.ts';
import type { Settings } from './settings-table.ts';

/** One change requested on the command line. Ids are those of the c1z file. */
export type OneShot =
  | {
      readonly kind: 'Grant';
      readonly entitlement: string;
      readonly principal: string;
      readonly type: string;
    }
  | { readonly kind: 'Revoke'; readonly grant: string }
  | {
      readonly kind: 'CreateAccount';
      readonly login: string | null;
      readonly email: string | null;
      readonly profile: Readonly<Record<string, unknown>>;
    };

/**
 * Returns the change that the settings request; `null` if they request none.
 * @throws InvalidInputError if a request is incomplete, or if there is more than one
 */
export function oneShotOf(settings: Settings): OneShot | null {
  const asked = [grantOf(settings), revokeOf(settings), creationOf(settings)].filter((shot) => shot !== null);
  const [first = null] = asked;
  if (asked.length <= 1) return first;
  throw new InvalidInputError(
    `${nameOf('grantEntitlement')}, ${nameOf('revokeGrant')}, ${nameOf('createAccountLogin')}`,
    'only one change can be made at a time: remove all but one of them',
  );
}

function grantOf({ grantEntitlement, grantPrincipal, grantPrincipalType }: Settings): OneShot | null {
  const parts = { grantEntitlement, grantPrincipal, grantPrincipalType };
  if (Object.values(parts).every((part) => part === null)) return null;
  if (grantEntitlement !== null && grantPrincipal !== null && grantPrincipalType !== null) {
    return {
      kind: 'Grant',
      entitlement: grantEntitlement,
      principal: grantPrincipal,
      type: grantPrincipalType,
    };
  }
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const missing = names.filter((name) => parts[name] === null).map(nameOf);
  throw new InvalidInputError(
    missing.join(', '),
    'is missing: a grant requires the entitlement, the principal and its type',
  );
}

function revokeOf({ revokeGrant }: Settings): OneShot | null {
  return revokeGrant === null ? null : { kind: 'Revoke', grant: revokeGrant };
}

function creationOf(settings: Settings): OneShot | null {
  const { createAccountLogin: login, createAccountEmail: email, createAccountResourceType: type } = settings;
  const { createAccountProfile } = settings;
  if (login === null && createAccountProfile === null) {
    if (type === null && email === null) return null;
    // Without a login or profile, the Go connector ignores an email and makes a sync, which the user did not ask for.
    throw new InvalidInputError(
      nameOf('createAccountLogin'),
      'is missing: a new account requires a login or a profile, beside its email address and resource type',
    );
  }
  if (type !== null && type !== 'user') {
    throw new InvalidInputError(
      nameOf('createAccountResourceType'),
      'must be user: no other type can be created',
    );
  }
  return { kind: 'CreateAccount', login, email, profile: profileOf(createAccountProfile) };
}

function profileOf(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Reported below: the parser's own message would repeat the input.
  }
  throw new InvalidInputError(
    nameOf('createAccountProfile'),
    'must be a JSON object such as {"first_name":"Ada","last_name":"Lovelace"}',
  );
}
