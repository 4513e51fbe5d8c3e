import { type AsanaError, isAsanaError } from '../../asana/errors.ts';
import type { AsanaSession, ScimClient } from '../../asana/session.ts';
import { isActive } from '../../directory/account.ts';
import type { Action, LicenseAction } from '../action.ts';
import type { ActionRules } from '../action-rules.ts';
import { RefusedError } from '../refusal.ts';

type Rules<T extends LicenseAction['type']> = ActionRules<LicenseAction & { readonly type: T }>;

const shared = {
  // A license may be set twice.
  oneWay: false,
  deprovisions: () => false,
  subject: ({ gid, email }: LicenseAction) => ({ gid, email }),
  shows: ({ to }, { account }, organization) =>
    account !== null && isActive(account, organization) && account.license === to,
  explain: explainMissing,
} satisfies Partial<ActionRules<LicenseAction>>;

/** Changes of a license, over SCIM. */
export const licenseActions: {
  readonly GrantEnterprise: Rules<'GrantEnterprise'>;
  readonly RevokeEnterprise: Rules<'RevokeEnterprise'>;
} = {
  GrantEnterprise: {
    ...shared,
    removal: false,
    takesSeat: true,
    send: async (asana, { gid }, { enterprise }, call) => scimOf(asana).setUserType(gid, enterprise, call),
    event: 'LicenseGranted',
    describe: (_, who) => `${who} holds Enterprise.`,
  },
  RevokeEnterprise: {
    ...shared,
    removal: true,
    takesSeat: false,
    send: async (asana, { gid }, { viewOnly }, call) => scimOf(asana).setUserType(gid, viewOnly, call),
    event: 'LicenseRevoked',
    describe: (_, who) => `${who} has the ViewOnly license. The Enterprise license was revoked.`,
  },
};

/** SCIM answers 404 for somebody who is gone since the look before. */
export function explainMissing(error: AsanaError, { gid, email }: Action): RefusedError | null {
  if (!isAsanaError(error, 'NotFound')) return null;
  const message = `Asana has no account ${email ?? gid ?? ''} in this organization.`;
  return new RefusedError('AccountNotFound', message, { cause: error });
}

/** The client for SCIM; decisions ask for no change over SCIM while it is off. */
export function scimOf({ scim }: AsanaSession): ScimClient {
  if (!scim) throw new TypeError('a change over SCIM was decided although SCIM is off');
  return scim;
}
