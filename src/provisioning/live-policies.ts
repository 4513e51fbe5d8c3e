import { isGuest, showsLicenses } from '../directory/account.ts';
import type { Decision } from './decision.ts';
import type { AppliedRight } from './grant.ts';
import {
  blocked,
  describeLicenseLimit,
  describeOtherHolder,
  describeProtection,
  describeUnknownLicense,
  doubtAboutRemovals,
  isFoughtOver,
  type LicenseCase,
  nameOf,
  organizationOf,
  type Policy,
} from './license-case.ts';

/** What is looked at, in this order, before a grant in force is acted on; the last one acts. */
export const livePolicies: readonly Policy[] = [
  makeSureTheEmailStillMeansTheSameAccount,
  makeSureTheOldestGrantWins,
  makeSureTheAccountIsThere,
  makeSureItIsNoGuest,
  makeSureTheLicenseIsKnown,
  makeSureADiscardedRemovalStaysDiscarded,
  makeSureNobodyFightsWithoutEnd,
  makeSureTheLicenseLimitHolds,
  makeSureAnotherNamespaceTakesOnlyWhatItGave,
  makeSureTheProtectedKeepTheirLicense,
  makeSureADoubtfulReadingRemovesNobody,
  actOnTheDifference,
];

/** All is as declared. A right that is recorded already is never rewritten (rule 3). */
export function settle({ grant, account }: LicenseCase): Decision {
  if (!account) return blocked('UserNotFound', 'waiting', 'Asana has no active account for this grant.');
  const kept = grant.applied?.license === grant.license ? grant.applied : null;
  const applied: AppliedRight = kept ?? { license: grant.license, at: '', adopted: true };
  return {
    kind: 'Settled',
    reason: 'Granted',
    account,
    applied,
    message: `${nameOf(account)} holds ${grant.license}.`,
  };
}

function makeSureTheEmailStillMeansTheSameAccount(subject: LicenseCase): Decision | null {
  const message = describeOtherHolder(subject);
  return message === null ? null : blocked('IdentityChanged', 'stalling', message, subject.account);
}

/** Before an account is looked for: two grants must not create it both. */
function makeSureTheOldestGrantWins({ contest, account }: LicenseCase): Decision | null {
  if (contest.kind !== 'Lost') return null;
  const message = `The older grant ${contest.winner} declares this account: delete one of the two.`;
  return blocked('ConflictingGrant', 'stalling', message, account);
}

/** No active account: wait for one, or create it once. */
function makeSureTheAccountIsThere(subject: LicenseCase): Decision | null {
  const { grant, account } = subject;
  if (account) return null;
  const { recorded, user } = grant;
  const missing = `Asana has no active account for ${recorded?.email ?? user.email ?? recorded?.gid ?? user.gid ?? 'this user'}.`;
  if (grant.onMissingAccount === 'Wait') {
    const remedy = 'Invite the person, or set onMissingAccount: Create.';
    return blocked('UserNotFound', 'waiting', `${missing} ${remedy}`);
  }
  if (user.email === null || recorded || grant.accountCreated) {
    const remedy = 'It existed before, so it is not created again: invite the person in Asana.';
    return blocked('UserNotFound', 'waiting', `${missing} ${remedy}`);
  }
  return refuseCreation(subject, missing) ?? createAccount(user.email, missing);
}

/** What stands in the way of a creation; null when nothing does. */
function refuseCreation({ policies, directory }: LicenseCase, missing: string): Decision | null {
  if (policies.defaultWorkspace === null) {
    const remedy = 'To create it, set defaultWorkspace on the connector.';
    return blocked('WorkspaceNotSet', 'stalling', `${missing} ${remedy}`);
  }
  const doubt = directory.untrusted();
  if (doubt) {
    const message = `${missing} It is not created on a doubtful reading: ${doubt.message}.`;
    return blocked(doubt.reason, 'waiting', message);
  }
  if (showsLicenses(directory.snapshot)) return null;
  const why =
    'It is not created: Asana shows no license (userType) for anybody, so it might not be created view-only.';
  return blocked('LicensesUnavailable', 'stalling', `${missing} ${why}`);
}

function createAccount(email: string, missing: string): Decision {
  return {
    kind: 'Act',
    action: { type: 'CreateAccount', gid: null, email, from: null, to: 'ViewOnly', removal: false },
    account: null,
    drift: false,
    message: `${missing} It is created, view-only first.`,
  };
}

function makeSureItIsNoGuest({ account, directory }: LicenseCase): Decision | null {
  if (!account || !isGuest(account, organizationOf(directory))) return null;
  const message = `${nameOf(account)} is a guest of the organization: guests hold no license.`;
  return blocked('UserIsGuest', 'stalling', message, account);
}

/** An unknown license is looked at and never changed. */
function makeSureTheLicenseIsKnown({ account }: LicenseCase): Decision | null {
  if (!account || account.license !== null) return null;
  const message = describeUnknownLicense(account);
  return blocked('LicensesUnavailable', 'stalling', message, account);
}

function makeSureADiscardedRemovalStaysDiscarded(subject: LicenseCase): Decision | null {
  if (!subject.grant.discarded || !lowers(subject)) return null;
  const message = 'A person discarded this removal: edit the grant to have it decided again.';
  return blocked('RemovalDiscarded', 'stalling', message, subject.account, drifted(subject));
}

function makeSureNobodyFightsWithoutEnd(subject: LicenseCase): Decision | null {
  const { grant, account } = subject;
  if (!isFoughtOver(grant) || !drifted(subject)) return null;
  const message = `Something else changed the license of ${nameOf(account)} back ${grant.setBacks} times in 24 hours. Stop it, then edit the grant or set the annotation requestedAt.`;
  return blocked('Contended', 'stalling', message, account, true);
}

/** Our own actions never exceed the limit, not even to set a change back. */
function makeSureTheLicenseLimitHolds(subject: LicenseCase): Decision | null {
  const { grant, policies, directory, account } = subject;
  if (grant.license !== 'Enterprise' || account?.license !== 'ViewOnly') return null;
  const message = describeLicenseLimit(policies, () => directory.enterpriseLicenses());
  return message === null
    ? null
    : blocked('LicenseLimitReached', 'waiting', message, account, drifted(subject));
}

/** Rule 5, in force as at the end: what another namespace did not give is not its own to take away. */
function makeSureAnotherNamespaceTakesOnlyWhatItGave(subject: LicenseCase): Decision | null {
  const { grant, account } = subject;
  if (grant.sameNamespace || !lowers(subject)) return null;
  const { applied } = grant;
  if (applied?.license === 'Enterprise' && !applied.adopted) return null;
  const message = `${nameOf(account)} holds Enterprise, which this grant did not give, and a grant of another namespace takes back only what it gave: declare ViewOnly in the connector's own namespace.`;
  return blocked('NamespaceNotAllowed', 'stalling', message, account, drifted(subject));
}

function makeSureTheProtectedKeepTheirLicense(subject: LicenseCase): Decision | null {
  const { account } = subject;
  if (!account || !lowers(subject)) return null;
  const message = describeProtection(subject, account);
  return message === null ? null : blocked('ProtectedUser', 'stalling', message, account, drifted(subject));
}

function makeSureADoubtfulReadingRemovesNobody(subject: LicenseCase): Decision | null {
  const { directory, account } = subject;
  const doubt = lowers(subject) ? doubtAboutRemovals(directory) : null;
  if (!doubt) return null;
  const message = `Nothing is taken away on a doubtful reading: ${doubt.message}.`;
  return blocked(doubt.reason, 'waiting', message, account, drifted(subject));
}

function actOnTheDifference(subject: LicenseCase): Decision | null {
  const { grant, account } = subject;
  if (!account || account.license === grant.license) return null;
  const type = grant.license === 'Enterprise' ? 'GrantEnterprise' : 'RevokeEnterprise';
  return {
    kind: 'Act',
    action: {
      type,
      gid: account.gid,
      email: account.email,
      from: account.license,
      to: grant.license,
      removal: type === 'RevokeEnterprise',
    },
    account,
    drift: drifted(subject),
    message: `${nameOf(account)} holds ${account.license}, ${grant.license} is declared.`,
  };
}

/** What is declared is less than what is held. */
function lowers({ grant, account }: LicenseCase): boolean {
  return grant.license === 'ViewOnly' && account?.license === 'Enterprise';
}

/** It was as declared, and somebody else changed it. */
function drifted({ grant, account }: LicenseCase): boolean {
  return account !== null && grant.applied?.license === grant.license && account.license !== grant.license;
}
