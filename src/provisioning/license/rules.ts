import { isActive, isGuest } from '../../directory/account.ts';
import type { Account } from '../../directory/snapshot.ts';
import { createAccount, partsWithScim } from '../account/rules.ts';
import { describeDeclaration, findOtherLicense } from '../declarations.ts';
import type { LicenseRight } from '../right.ts';
import {
  act,
  alreadySo,
  firstOf,
  nameOf,
  type RightCase,
  type RightRules,
  type Rule,
  refused,
  type Step,
} from '../right-rules.ts';
import {
  makeSureARemovalIsJustified,
  makeSureDeprovisioningIsAllowed,
  makeSureItIsNoGuest,
  makeSureItIsNotDeclared,
  makeSureItIsNotProtected,
  makeSureNoAbsenceIsDeclared,
  makeSureNothingIsDeclared,
  makeSureTheReadingIsTrusted,
  refuseUnknown,
  whoOf,
} from '../shared-rules.ts';

type Case = RightCase<LicenseRight>;

/** The rules of licenses. Enterprise and ViewOnly exclude each other; a member with neither has no account. */
export const licenseRules: RightRules<LicenseRight> = {
  parts: partsWithScim,
  observe: ({ account, organization }) => {
    if (!account || !isActive(account, organization)) return null;
    return account.license ?? (isGuest(account, organization) ? null : undefined);
  },
  holds: ({ right, account, organization }) =>
    account !== null &&
    isActive(account, organization) &&
    !isGuest(account, organization) &&
    account.license === right.license,
  give: (subject) => firstOf(giving, subject),
  take: (subject) => firstOf(taking, subject),
  keeps: ({ adopted, created, value }, who) => {
    if (value !== 'ViewOnly' || created) return null;
    const why = adopted
      ? `${who} had a view-only license before this grant`
      : `This grant did not create the account of ${who}`;
    return { message: `${why}. The account is not deprovisioned.`, warning: false };
  },
};

/** The rules for giving a license, in this order; the last one acts. */
const giving: readonly Rule<LicenseRight>[] = [
  makeSureLicensesAreOn,
  (subject) => makeSureNoAbsenceIsDeclared(subject, subject.organization),
  makeSureThereIsAHolder,
  makeSureItIsNoGuest,
  makeSureNoOtherLicenseIsDeclared,
  makeSureTheLicenseIsKnown,
  stopWhereItIsHeld,
  lowerToViewOnly,
  makeSureTheLicenseLimitHolds,
  giveEnterprise,
];

/** The same for taking a license away. */
const taking: readonly Rule<LicenseRight>[] = [
  makeSureLicensesAreOn,
  stopWhereNothingIsHeld,
  makeSureTheLicenseIsKnown,
  stopWhereItIsNotHeld,
  makeSureItIsNotDeclared,
  makeSureItIsNotProtected,
  (subject) => (subject.right.license === 'ViewOnly' ? makeSureTheAccountMayGo(subject) : null),
  (subject) => makeSureARemovalIsJustified(subject, partsWithScim(subject.policies)),
  takeTheLicense,
];

/** Returns why licenses cannot be managed at all; `null` if they can. */
export function describeLicensesOff(scimEnabled: boolean): string | null {
  return scimEnabled ? null : 'Licenses require SCIM: set scim.enabled of the connector to true.';
}

function makeSureLicensesAreOn({ policies }: Case): Step | null {
  const message = describeLicensesOff(policies.scimEnabled);
  return message === null ? null : refused('LicensesUnavailable', message);
}

function makeSureThereIsAHolder(subject: Case): Step | null {
  const { account, organization, mayCreate } = subject;
  if (account && isActive(account, organization)) return null;
  if (!mayCreate) return refuseUnknown(subject);
  // An invitation to a plain workspace would give no license, and perhaps more access than view-only.
  if (organization === null)
    return refused(
      'LicensesUnavailable',
      'The connector reads no organization. Licenses exist only in an organization.',
    );
  if (subject.policies.defaultWorkspace === null) {
    const message =
      'The account cannot be created without a workspace. Set defaultWorkspace of the connector.';
    return refused('WorkspaceNotSet', message);
  }
  return createAccount({ ...subject, right: { type: 'Account', workspace: organization } });
}

/** Refuses a task if a live grant declares the other license: Git and ConductorOne must not fight over it. */
function makeSureNoOtherLicenseIsDeclared(subject: Case): Step | null {
  if (subject.asker !== 'Task') return null;
  const other = findOtherLicense(subject.declared, subject.right.license, subject.organization);
  return other ? refused('StillDeclared', describeDeclaration(other, nameOf(subject.account))) : null;
}

/** Refuses an unknown license: it is never changed, nor reported as revoked. */
function makeSureTheLicenseIsKnown({ account }: Case): Step | null {
  if (!account || account.license !== null) return null;
  return refused('LicensesUnavailable', describeUnknownLicense(account));
}

function describeUnknownLicense(account: Account): string {
  const userType = account.scim?.userType ?? null;
  return userType === null
    ? `Asana shows no license (userType) for ${nameOf(account)}: the organization has no view-only licenses, or SCIM does not list the account.`
    : `Asana shows the license "${userType}" for ${nameOf(account)}, which scim.userTypes of the connector does not name. The license is left unchanged.`;
}

function stopWhereItIsHeld({ right, account }: Case): Step | null {
  if (account?.license !== right.license) return null;
  return alreadySo(`${nameOf(account)} has the ${right.license} license.`);
}

/** Lowers Enterprise to view-only. For a grant this is a removal; a task is refused, since it has to revoke instead. */
function lowerToViewOnly(subject: Case): Step | null {
  if (subject.right.license !== 'ViewOnly') return null;
  if (subject.asker === 'Grant')
    return firstOf(taking, { ...subject, right: { type: 'License', license: 'Enterprise' } });
  const message = `${nameOf(subject.account)} has an enterprise license, which granting a view-only license would remove. Revoke the enterprise license instead; a view-only license remains.`;
  return refused('HoldsEnterprise', message);
}

/** Refuses a license above the limit, and any license while the number in use is not known. */
function makeSureTheLicenseLimitHolds(subject: Case): Step | null {
  const { policies, reading } = subject;
  const limit = policies.maxEnterpriseLicenses;
  if (limit === null) return null;
  const doubt = makeSureTheReadingIsTrusted(subject, partsWithScim(policies));
  if (doubt) return doubt;
  const used = reading.enterpriseLicenses();
  if (used < limit) return null;
  const message = `${used} of ${limit} enterprise licenses are in use. Raise maxEnterpriseLicenses of the connector, or free a license.`;
  return refused('LicenseLimitReached', message);
}

function giveEnterprise({ account }: Case): Step {
  if (!account) throw new TypeError('a license was given to nobody');
  const { gid, email } = account;
  return act(
    { type: 'GrantEnterprise', gid, email, from: 'ViewOnly', to: 'Enterprise' },
    `${nameOf(account)} has the ViewOnly license and will be upgraded to Enterprise.`,
  );
}

/** Stops for a person who has left and for a guest: neither holds a license. */
function stopWhereNothingIsHeld(subject: Case): Step | null {
  const { account, organization } = subject;
  if (!account || !isActive(account, organization))
    return alreadySo(`${whoOf(subject)} has no active account, and therefore no license.`);
  if (!isGuest(account, organization)) return null;
  return alreadySo(`${nameOf(account)} is a guest of the organization. Guests have no license.`);
}

function stopWhereItIsNotHeld({ right, account }: Case): Step | null {
  if (!account || account.license === right.license) return null;
  return alreadySo(
    `${nameOf(account)} has the ${account.license} license, not the ${right.license} license.`,
  );
}

/** Taking view-only leaves no license, so the account is deprovisioned, which has to be allowed. */
function makeSureTheAccountMayGo(subject: Case): Step | null {
  return makeSureNothingIsDeclared(subject, subject.organization) ?? makeSureDeprovisioningIsAllowed(subject);
}

/** Taking Enterprise leaves view-only; taking view-only deprovisions the account. */
function takeTheLicense({ right, account }: Case): Step {
  if (!account) throw new TypeError('a license was taken from nobody');
  const { gid, email } = account;
  return right.license === 'Enterprise'
    ? act(
        { type: 'RevokeEnterprise', gid, email, from: 'Enterprise', to: 'ViewOnly' },
        `The Enterprise license of ${nameOf(account)} will be revoked. A view-only license remains.`,
      )
    : act(
        { type: 'Deprovision', gid, email, from: 'ViewOnly', to: null },
        `${nameOf(account)} will be deprovisioned.`,
      );
}
