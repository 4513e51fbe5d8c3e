import { isActive } from '../../directory/account.ts';
import type { LicenseAction } from '../action.ts';
import type { ActionRules } from '../action-rules.ts';
import { explainMissing, scimOf } from '../shared-actions.ts';

type Rules<T extends LicenseAction['type']> = ActionRules<LicenseAction & { readonly type: T }>;

const shared = {
  // A license may be set twice.
  oneWay: false,
  refusalIsFinal: true,
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
    // Only SCIM shows licenses.
    readsMembership: false,
    send: async (asana, { gid }, { enterprise }, call) => scimOf(asana).setUserType(gid, enterprise, call),
    event: 'LicenseGranted',
    describe: (_, who) => `${who} holds Enterprise.`,
  },
  RevokeEnterprise: {
    ...shared,
    removal: true,
    takesSeat: false,
    readsMembership: true,
    send: async (asana, { gid }, { viewOnly }, call) => scimOf(asana).setUserType(gid, viewOnly, call),
    event: 'LicenseRevoked',
    describe: (_, who) => `${who} has the ViewOnly license. The Enterprise license was revoked.`,
  },
};
