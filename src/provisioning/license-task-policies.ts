import { isActive, isGuest } from '../directory/account.ts';
import type { Account, License } from '../directory/snapshot.ts';
import type { LicenseAction } from './decision.ts';
import { describeLicenseLimit, describeUnknownLicense, nameOf } from './license-case.ts';
import {
  alreadySo,
  makeSureDeprovisioningIsAllowed,
  makeSureItIsNotProtected,
  makeSureTheReadingJustifiesARemoval,
  refused,
  refuseUnknown,
  type TaskCase,
  type TaskDecision,
  type TaskPolicy,
} from './task-case.ts';

interface LicenseRequest {
  readonly license: License;
  readonly user: string;
}
type Policy = TaskPolicy<LicenseRequest>;
type Case = TaskCase<LicenseRequest>;

/** What is looked at, in this order, before a license is given; the last one acts. */
export const licenseGrantPolicies: readonly Policy[] = [
  makeSureLicensesAreOn,
  makeSureTheHolderIsThere,
  makeSureItIsNoGuest,
  makeSureNoOtherLicenseIsDeclared,
  makeSureTheLicenseIsKnown,
  stopWhereItIsHeld,
  makeSureNobodyIsLowered,
  makeSureTheLicenseLimitHolds,
  giveEnterprise,
];

/** The same before a license is taken away. */
export const licenseRevocationPolicies: readonly Policy[] = [
  makeSureLicensesAreOn,
  stopWhereNothingIsHeld,
  makeSureTheLicenseIsNotDeclared,
  makeSureTheLicenseIsKnown,
  stopWhereItIsNotHeld,
  makeSureItIsNotProtected,
  (subject) => (subject.request.license === 'ViewOnly' ? makeSureDeprovisioningIsAllowed(subject) : null),
  makeSureTheReadingJustifiesARemoval,
  takeTheLicense,
];

function makeSureLicensesAreOn({ view }: TaskCase<unknown>): TaskDecision | null {
  if (view.policies.scimEnabled) return null;
  return refused('LicensesUnavailable', 'Licenses need SCIM: set scim.enabled on the connector.');
}

function makeSureTheHolderIsThere({ request, account, organization }: Case): TaskDecision | null {
  if (!account) return refuseUnknown(request.user);
  if (isActive(account, organization)) return null;
  const message = `The account of ${nameOf(account)} is not active in Asana: invite the person first.`;
  return refused('AccountNotFound', message);
}

function makeSureItIsNoGuest({ account, organization }: TaskCase<unknown>): TaskDecision | null {
  if (!account || !isGuest(account, organization)) return null;
  const message = `${nameOf(account)} is a guest of the organization: guests hold no license.`;
  return refused('UserIsGuest', message);
}

/** Git and ConductorOne must not fight over one license. */
function makeSureNoOtherLicenseIsDeclared({ request, account, view }: Case): TaskDecision | null {
  const declared = account && view.declaredFor(account);
  if (!declared || declared.license === request.license) return null;
  return refuseDeclared(account, declared);
}

/** A declared license is not taken; nor is the account from under one that is still on its way. */
function makeSureTheLicenseIsNotDeclared({ request, account, view }: Case): TaskDecision | null {
  const declared = account && view.declaredFor(account);
  if (!declared) return null;
  const deprovisions = request.license === 'ViewOnly' && account.license === 'ViewOnly';
  if (declared.license !== request.license && !deprovisions) return null;
  return refuseDeclared(account, declared);
}

/** Says whose word stands, and what would change it. */
export function refuseDeclared(
  account: Account,
  { license, object }: { readonly license: License; readonly object: string },
): TaskDecision {
  const message = `${object} declares ${license} for ${nameOf(account)}: change or delete that object instead.`;
  return refused('DeclaredOtherwise', message);
}

/** An unknown license is looked at and never changed; nor is it called revoked. */
function makeSureTheLicenseIsKnown({ account }: TaskCase<unknown>): TaskDecision | null {
  if (!account || account.license !== null) return null;
  return refused('LicensesUnavailable', describeUnknownLicense(account));
}

function stopWhereItIsHeld({ request, account }: Case): TaskDecision | null {
  if (account?.license !== request.license) return null;
  return alreadySo(account, `${nameOf(account)} holds ${request.license} already.`);
}

function makeSureNobodyIsLowered({ request, account }: Case): TaskDecision | null {
  if (request.license !== 'ViewOnly') return null;
  const message = `${nameOf(account)} holds an enterprise license, and giving view-only would take it away: revoke the enterprise license instead, which leaves view-only.`;
  return refused('HoldsEnterprise', message);
}

function makeSureTheLicenseLimitHolds({ view }: TaskCase<unknown>): TaskDecision | null {
  const message = describeLicenseLimit(view.policies, () => view.enterpriseLicenses());
  return message === null ? null : refused('LicenseLimitReached', message);
}

function giveEnterprise({ request, account }: Case): TaskDecision {
  return act({
    type: 'GrantEnterprise',
    gid: request.user,
    email: account?.email ?? null,
    from: 'ViewOnly',
    to: 'Enterprise',
    removal: false,
  });
}

/** Whoever has left, and every guest, holds no license: a task repeated after it was done ends well. */
function stopWhereNothingIsHeld({ request, account, organization }: Case): TaskDecision | null {
  if (!account) return refuseUnknown(request.user);
  if (!isActive(account, organization))
    return alreadySo(account, `The account of ${nameOf(account)} is not active: it holds no license.`);
  if (!isGuest(account, organization)) return null;
  return alreadySo(account, `${nameOf(account)} is a guest of the organization: guests hold no license.`);
}

function stopWhereItIsNotHeld({ request, account }: Case): TaskDecision | null {
  if (!account || account.license === request.license) return null;
  return alreadySo(account, `${nameOf(account)} holds ${account.license}, not ${request.license}.`);
}

/** Without Enterprise view-only is left; without view-only nothing is, so the account goes. */
function takeTheLicense({ request, account }: Case): TaskDecision {
  const enterprise = request.license === 'Enterprise';
  return act({
    type: enterprise ? 'RevokeEnterprise' : 'Deprovision',
    gid: request.user,
    email: account?.email ?? null,
    from: request.license,
    to: enterprise ? 'ViewOnly' : null,
    removal: true,
  });
}

function act(action: LicenseAction): TaskDecision {
  return { kind: 'Act', action };
}
