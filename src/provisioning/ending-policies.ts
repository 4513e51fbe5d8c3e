import { isGuest } from '../directory/account.ts';
import type { Decision } from './decision.ts';
import type { AppliedRight, Ending } from './grant.ts';
import {
  blocked,
  describeOtherHolder,
  describeProtection,
  doubtAboutRemovals,
  isFoughtOver,
  type LicenseCase,
  nameOf,
  organizationOf,
  type Policy,
  release,
  withWayOut,
} from './license-case.ts';

const WARNING = { warning: true };

/**
 * What is looked at, in this order, before the right of a deleted or expired grant is taken back. Nothing is released
 * for what a doubtful reading shows, but to a successor.
 */
export const endingPolicies: readonly Policy[] = [
  makeSureADiscardedRemovalStaysDiscarded,
  makeSureASuccessorKeepsIt,
  makeSureADoubtfulReadingRemovesNobody,
  makeSureTheEmailStillMeansTheSameAccount,
  releaseWhatIsGone,
  makeSureTheLicenseCanBeRead,
  releaseWhatIsFoughtOver,
  waitForAnUpgradeOnItsWay,
  releaseWhatIsNoLongerOurs,
  releaseWhatWasFound,
  makeSureTheProtectedKeepTheirLicense,
  releaseWhatMayNotBeDeprovisioned,
];

/** The last word on an ending grant: its right is taken back, or, where there is none left, the object goes. */
export function takeBack({ grant, account }: LicenseCase): Decision {
  const { applied, ending } = grant;
  if (!account || !applied || !ending)
    return release('UserNotFound', 'There is nothing to take back: Asana was left as it is.', account);
  const enterprise = applied.license === 'Enterprise';
  return {
    kind: 'Act',
    action: {
      type: enterprise ? 'RevokeEnterprise' : 'Deprovision',
      gid: account.gid,
      email: account.email,
      from: applied.license,
      to: enterprise ? 'ViewOnly' : null,
      removal: true,
    },
    account,
    drift: false,
    message: describeTakingBack(applied, ending, nameOf(account)),
  };
}

function describeTakingBack({ license }: AppliedRight, { because }: Ending, who: string): string {
  const why = because === 'Deleted' ? 'The grant was deleted' : 'The grant has expired';
  const rest = license === 'Enterprise' ? 'view-only is left' : 'the account is deprovisioned';
  return `${why}: ${license} of ${who} is taken back, ${rest}.`;
}

/** Expired and discarded: left alone until it is edited. A deletion is an edit, and decided anew. */
function makeSureADiscardedRemovalStaysDiscarded({ grant, account }: LicenseCase): Decision | null {
  if (!grant.discarded || grant.ending?.because !== 'Expired') return null;
  const message = 'A person discarded this removal: edit the grant to have it decided again.';
  return blocked('RemovalDiscarded', 'stalling', message, account);
}

/** Rule 2: another grant takes the right over, so nothing is taken away. What is not there (any more) nobody takes over. */
function makeSureASuccessorKeepsIt({ grant, contest, account, directory }: LicenseCase): Decision | null {
  if (contest.kind !== 'Succeeded' || !account || account.license !== grant.applied?.license) return null;
  if (isGuest(account, organizationOf(directory))) return null;
  return release('Superseded', `Grant ${contest.successor} declares this account now.`, account);
}

function makeSureADoubtfulReadingRemovesNobody({ grant, directory, account }: LicenseCase): Decision | null {
  const doubt = doubtAboutRemovals(directory);
  if (!doubt) return null;
  const message = withWayOut(grant, `Nothing is taken away on a doubtful reading: ${doubt.message}.`);
  return blocked(doubt.reason, 'waiting', message, account);
}

function makeSureTheEmailStillMeansTheSameAccount(subject: LicenseCase): Decision | null {
  const message = describeOtherHolder(subject);
  return message === null ? null : release('IdentityChanged', message, subject.account, WARNING);
}

function releaseWhatIsGone({ account, directory }: LicenseCase): Decision | null {
  if (!account)
    return release('UserNotFound', 'Asana has no active account any more: there is nothing to take back.');
  if (!isGuest(account, organizationOf(directory))) return null;
  const message = `${nameOf(account)} is a guest now: there is no license to take back.`;
  return release('UserIsGuest', message, account);
}

/** While no license can be read, nothing is known of the one to take back: it may return. */
function makeSureTheLicenseCanBeRead({ grant, account }: LicenseCase): Decision | null {
  if (!account || account.license !== null || (account.scim?.userType ?? null) !== null) return null;
  const message = `Asana shows no license (userType) for ${nameOf(account)}: it is taken back once it does.`;
  return blocked('LicensesUnavailable', 'waiting', withWayOut(grant, message), account);
}

function releaseWhatIsFoughtOver({ grant, account }: LicenseCase): Decision | null {
  if (!isFoughtOver(grant) || account?.license === grant.applied?.license) return null;
  const message = `Something else changed the license of ${nameOf(account)} back ${grant.setBacks} times in 24 hours: left as it is.`;
  return release('Contended', message, account, WARNING);
}

/** Released before Asana shows it, the upgrade would outlive its grant, and nobody would take it back. */
function waitForAnUpgradeOnItsWay({ grant, account }: LicenseCase): Decision | null {
  if (!grant.upgrading || !account || account.license === 'Enterprise') return null;
  const message = `An upgrade of ${nameOf(account)} was sent before this grant ended, and Asana may still come to show it: it is looked for until three minutes have passed.`;
  return blocked('Progressing', 'waiting', withWayOut(grant, message), account);
}

/** Another license than the applied one is somebody else's doing. */
function releaseWhatIsNoLongerOurs({ grant, account }: LicenseCase): Decision | null {
  const { applied } = grant;
  if (!account || !applied || account.license === applied.license) return null;
  const held = account.license ?? account.scim?.userType ?? 'no license';
  const message = `${nameOf(account)} holds ${held}, not the ${applied.license} of this grant: left as it is.`;
  return release('ChangedElsewhere', message, account);
}

/** Found view-only is never deprovisioned, and a grant of another namespace takes back only what it gave (rule 5). */
function releaseWhatWasFound({ grant, account }: LicenseCase): Decision | null {
  const { applied, sameNamespace } = grant;
  if (!applied?.adopted) return null;
  if (applied.license === 'ViewOnly') {
    const message = `${nameOf(account)} had view-only before this grant: what was found is never deprovisioned.`;
    return release('Adopted', message, account);
  }
  if (sameNamespace) return null;
  const message = `${nameOf(account)} had ${applied.license} before this grant, and a grant of another namespace takes back only what it gave.`;
  return release('Adopted', message, account);
}

function makeSureTheProtectedKeepTheirLicense(subject: LicenseCase): Decision | null {
  const { account } = subject;
  const message = account && describeProtection(subject, account);
  return message ? release('ProtectedUser', message, account, WARNING) : null;
}

/** Deprovisioning cannot be undone: it takes the connector's word, and a grant of its own namespace. */
function releaseWhatMayNotBeDeprovisioned({ grant, policies, account }: LicenseCase): Decision | null {
  if (grant.applied?.license !== 'ViewOnly') return null;
  if (!grant.sameNamespace) {
    const message = `A grant of another namespace never deprovisions: ${nameOf(account)} keeps view-only.`;
    return release('DeprovisionNotAllowed', message, account, WARNING);
  }
  if (policies.allowDeprovision) return null;
  const message = `${nameOf(account)} keeps view-only: taking it away deprovisions, and provisioning.allowDeprovision is off.`;
  return release('DeprovisionNotAllowed', message, account, WARNING);
}
