import { isActive, isAdmin, isGuest } from '../directory/account.ts';
import type { Account } from '../directory/snapshot.ts';
import type {
  DecideLicense,
  Decision,
  DecisionContext,
  DirectoryReading,
  PlannedAction,
  Policies,
} from './decision.ts';
import type { AppliedRight, LicenseGrant } from './grant.ts';

/** Everything a policy may look at. */
interface Case {
  readonly grant: LicenseGrant;
  readonly policies: Policies;
  readonly contest: DecisionContext['contest'];
  readonly directory: DirectoryReading;
  /** The grant's account; null when Asana has no active one. */
  readonly account: Account | null;
}

/** A policy has one thing to say: a decision, or null to leave it to the next. */
type Policy = (this: void, subject: Case) => Decision | null;

/**
 * Decides one license grant (the table and the rules of DESIGN §3.2). In mode Plan the same is decided, and the
 * caller stops before the action.
 */
export const decideLicense: DecideLicense = (grant, context) => {
  const early = decideWithoutDirectory(grant, context);
  if (early) return early;
  const directory = context.directory as DirectoryReading;
  const account = findAccount(grant, directory);
  const subject: Case = { grant, policies: context.policies, contest: context.contest, directory, account };
  const decision = firstOf(grant.ending ? endingPolicies : livePolicies, subject) ?? settle(subject);
  if (decision.kind !== 'Release' || context.policies.mode === 'Apply') return decision;
  // Only an expired grant comes here in mode Plan: until Apply nothing of it changes, not even its record.
  return blocked(
    'RemovalPending',
    'waiting',
    `Expired. In mode Apply it would be released: ${decision.message}`,
    account,
  );
};

function firstOf(policies: readonly Policy[], subject: Case): Decision | null {
  for (const policy of policies) {
    const decision = policy(subject);
    if (decision) return decision;
  }
  return null;
}

/** What needs no look at Asana: suspension, permission, and whether there is anything to look at. */
function decideWithoutDirectory(
  grant: LicenseGrant,
  { policies, directory }: DecisionContext,
): Decision | null {
  const { ending } = grant;
  if (ending?.because === 'Deleted') {
    if (grant.abandoned)
      return release('Abandoned', 'Released because of the annotation abandon; Asana was left as it is.');
    if (grant.suspended) return release('Suspended', 'Deleted while suspended: Asana was left as it is.');
    if (policies.suspended)
      return blocked(
        'Suspended',
        'waiting',
        'The connector is suspended: the deletion waits until it is resumed.',
      );
    if (policies.mode === 'Plan') return release('Planned', 'Deleted in mode Plan: Asana was left as it is.');
  }
  if (grant.suspended)
    return blocked('Suspended', 'waiting', 'spec.suspend is true: nothing is done until it is false.');
  if (policies.suspended)
    return blocked(
      'Suspended',
      'waiting',
      'The connector is suspended: nothing is done until it is resumed.',
    );
  if (ending && !grant.applied)
    return release(ending.because, 'It ended, and nothing of it was applied: Asana was left as it is.');
  if (ending && grant.deletionPolicy === 'Retain' && policies.mode === 'Apply') {
    return release('Retained', 'It ended with deletionPolicy Retain: Asana was left as it is.');
  }
  if (!grant.namespaceAllowed) {
    const message = `Namespace "${grant.object.namespace}" may not use this connector: add it to the connector's provisioning.allowedNamespaces.`;
    return ending
      ? release('NamespaceNotAllowed', message, true)
      : blocked('NamespaceNotAllowed', 'stalling', message);
  }
  if (!directory) {
    return blocked(
      'ConnectorNotReady',
      'waiting',
      withWayOut(grant, 'The connector has not read the directory yet: see its conditions.'),
    );
  }
  if (!policies.scimEnabled) {
    const message = withWayOut(grant, 'Licenses need SCIM: set scim.enabled on the connector.');
    return ending
      ? blocked('LicensesUnavailable', 'waiting', message)
      : blocked('LicensesUnavailable', 'stalling', message);
  }
  return null;
}

/** The gid once recorded, else what the spec says. An account that is not active is no account. */
function findAccount(grant: LicenseGrant, directory: DirectoryReading): Account | null {
  const gid = grant.recorded?.gid ?? grant.user.gid;
  const found = gid !== null ? directory.account(gid) : directory.accountByEmail(grant.user.email ?? '');
  const organization = directory.snapshot.organization?.gid ?? null;
  return found && isActive(found, organization) ? found : null;
}

const livePolicies: readonly Policy[] = [
  makeSureTheEmailStillMeansTheSameAccount,
  makeSureTheAccountIsThere,
  makeSureItIsNoGuest,
  makeSureTheOldestGrantWins,
  makeSureTheLicenseIsKnown,
  makeSureADiscardedRemovalStaysDiscarded,
  makeSureNobodyFightsWithoutEnd,
  makeSureTheLicenseLimitHolds,
  makeSureTheProtectedKeepTheirLicense,
  makeSureADoubtfulReadingRemovesNobody,
  actOnTheDifference,
];

const endingPolicies: readonly Policy[] = [
  makeSureASuccessorKeepsIt,
  makeSureTheEmailStillMeansTheSameAccount,
  makeSureADoubtfulReadingRemovesNobody,
  makeSureTheLicenseCanBeRead,
  releaseWhatIsGone,
  releaseWhatIsNoLongerOurs,
  makeSureTheProtectedKeepTheirLicense,
  releaseWhatMayNotBeDeprovisioned,
  takeBack,
];

/** Rule 1: an email that now means another account is nobody's license to move. */
function makeSureTheEmailStillMeansTheSameAccount({ grant, directory, account }: Case): Decision | null {
  const { email } = grant.user;
  if (email === null || !grant.recorded) return null;
  const holder = directory.accountByEmail(email);
  if (!holder || holder.gid === grant.recorded.gid) return null;
  const message = `${email} belongs to account ${holder.gid} now, and this grant was for ${grant.recorded.gid}: delete the grant and create it anew.`;
  return grant.ending
    ? release('IdentityChanged', message, true, account)
    : blocked('IdentityChanged', 'stalling', message, account);
}

/** No active account: wait for one, or create it once. */
function makeSureTheAccountIsThere(subject: Case): Decision | null {
  const { grant, policies, directory, account } = subject;
  if (account) return null;
  const who =
    grant.recorded?.email ?? grant.user.email ?? grant.recorded?.gid ?? grant.user.gid ?? 'this user';
  const missing = `Asana has no active account for ${who}.`;
  if (grant.onMissingAccount === 'Wait') {
    return blocked(
      'UserNotFound',
      'waiting',
      `${missing} Invite the person, or set onMissingAccount: Create.`,
    );
  }
  if (grant.user.email === null || grant.recorded || grant.accountCreated) {
    return blocked(
      'UserNotFound',
      'waiting',
      `${missing} It existed before, so it is not created again: invite the person in Asana.`,
    );
  }
  if (policies.defaultWorkspace === null) {
    return blocked(
      'WorkspaceNotSet',
      'stalling',
      `${missing} To create it, set defaultWorkspace on the connector.`,
    );
  }
  const doubt = directory.untrusted();
  if (doubt)
    return blocked(
      doubt.reason,
      'waiting',
      `${missing} It is not created on a doubtful reading: ${doubt.message}`,
    );
  const action: PlannedAction = {
    type: 'CreateAccount',
    gid: null,
    email: grant.user.email,
    from: null,
    to: 'ViewOnly',
    removal: false,
  };
  return {
    kind: 'Act',
    action,
    account: null,
    drift: false,
    message: `${missing} It is created, view-only first.`,
  };
}

function makeSureItIsNoGuest({ account, directory }: Case): Decision | null {
  if (!account || !isGuest(account, organizationOf(directory))) return null;
  return blocked(
    'UserIsGuest',
    'stalling',
    `${nameOf(account)} is a guest of the organization: guests hold no license.`,
    account,
  );
}

function makeSureTheOldestGrantWins({ contest, account }: Case): Decision | null {
  if (contest.kind !== 'Lost') return null;
  return blocked(
    'ConflictingGrant',
    'stalling',
    `The older grant ${contest.winner} declares this account: delete one of the two.`,
    account,
  );
}

/** An unknown license is looked at and never changed. */
function makeSureTheLicenseIsKnown({ account }: Case): Decision | null {
  if (!account || account.license !== null) return null;
  const userType = account.scim?.userType ?? null;
  const message =
    userType === null
      ? `Asana shows no license (userType) for ${nameOf(account)}: the organization has no view-only licenses, or SCIM does not list the account.`
      : `Asana shows the license "${userType}" for ${nameOf(account)}, which scim.userTypes of the connector does not name; it is left alone.`;
  return blocked('LicensesUnavailable', 'stalling', message, account);
}

function makeSureADiscardedRemovalStaysDiscarded(subject: Case): Decision | null {
  if (!subject.grant.discarded || !lowers(subject)) return null;
  return blocked(
    'RemovalDiscarded',
    'stalling',
    'A person discarded this removal: edit the grant to have it decided again.',
    subject.account,
    true,
  );
}

/** Three set-backs within a day mean that somebody else keeps changing it. */
const MOST_SET_BACKS = 3;

function makeSureNobodyFightsWithoutEnd(subject: Case): Decision | null {
  const { grant, account } = subject;
  if (grant.setBacks < MOST_SET_BACKS || !drifted(subject)) return null;
  const message = `Something else changed the license of ${nameOf(account)} back ${grant.setBacks} times in 24 hours. Stop it, then edit the grant or set the annotation requestedAt.`;
  return blocked('Contended', 'stalling', message, account, true);
}

/** Our own actions never exceed the limit, not even to set a change back. */
function makeSureTheLicenseLimitHolds(subject: Case): Decision | null {
  const { grant, policies, directory, account } = subject;
  const limit = policies.maxEnterpriseLicenses;
  if (limit === null || grant.license !== 'Enterprise' || account?.license !== 'ViewOnly') return null;
  const used = directory.enterpriseLicenses();
  if (used < limit) return null;
  const message = `${used} of ${limit} enterprise licenses are in use: raise maxEnterpriseLicenses of the connector, or free one.`;
  return blocked('LicenseLimitReached', 'waiting', message, account, drifted(subject));
}

function makeSureTheProtectedKeepTheirLicense(subject: Case): Decision | null {
  const { grant, account } = subject;
  if (!account || !(grant.ending ? true : lowers(subject))) return null;
  const why = protection(subject, account);
  if (why === null) return null;
  const message = `${nameOf(account)} is protected (${why}): nothing is taken away.`;
  return grant.ending
    ? release('ProtectedUser', message, true, account)
    : blocked('ProtectedUser', 'stalling', message, account, drifted(subject));
}

/** protectedUsers matches the address of the spec, the recorded one and today's. */
function protection({ grant, policies, directory }: Case, account: Account): string | null {
  if (account.gid === directory.snapshot.self) return "the token's own account";
  const names = [
    grant.user.email,
    grant.recorded?.email,
    account.email,
    account.scim?.userName.toLowerCase(),
  ];
  if (policies.protectedUsers.some((user) => names.includes(user))) return 'protectedUsers';
  return policies.protectAdmins && isAdmin(account, organizationOf(directory)) ? 'an Asana admin' : null;
}

function makeSureADoubtfulReadingRemovesNobody(subject: Case): Decision | null {
  const { grant, directory, account } = subject;
  if (!grant.ending && !lowers(subject)) return null;
  const doubt = directory.untrusted();
  if (!doubt) return null;
  return blocked(
    doubt.reason,
    'waiting',
    withWayOut(grant, `Nothing is taken away on a doubtful reading: ${doubt.message}`),
    account,
    drifted(subject),
  );
}

function actOnTheDifference(subject: Case): Decision | null {
  const { grant, account } = subject;
  if (!account || account.license === grant.license) return null;
  const type = grant.license === 'Enterprise' ? 'GrantEnterprise' : 'RevokeEnterprise';
  const action: PlannedAction = {
    type,
    gid: account.gid,
    email: account.email,
    from: account.license,
    to: grant.license,
    removal: type === 'RevokeEnterprise',
  };
  return {
    kind: 'Act',
    action,
    account,
    drift: drifted(subject),
    message: `${nameOf(account)} holds ${account.license}, ${grant.license} is declared.`,
  };
}

/** Rule 2: another grant will hold the account, so nothing is taken away. */
function makeSureASuccessorKeepsIt({ contest, account }: Case): Decision | null {
  if (contest.kind !== 'Succeeded') return null;
  return release('Superseded', `Grant ${contest.successor} declares this account now.`, false, account);
}

/** While no license can be read, nothing is known of the one to take back: it may return. */
function makeSureTheLicenseCanBeRead({ grant, account }: Case): Decision | null {
  if (!account || account.license !== null || (account.scim?.userType ?? null) !== null) return null;
  const message = withWayOut(
    grant,
    `Asana shows no license (userType) for ${nameOf(account)}: it is taken back once it does.`,
  );
  return blocked('LicensesUnavailable', 'waiting', message, account);
}

function releaseWhatIsGone({ account, directory }: Case): Decision | null {
  if (!account)
    return release('UserNotFound', 'Asana has no active account any more: there is nothing to take back.');
  if (isGuest(account, organizationOf(directory))) {
    return release(
      'UserIsGuest',
      `${nameOf(account)} is a guest now: there is no license to take back.`,
      false,
      account,
    );
  }
  return null;
}

/** Another license than the applied one is somebody else's doing. */
function releaseWhatIsNoLongerOurs({ grant, account }: Case): Decision | null {
  const { applied } = grant;
  if (!account || !applied) return null;
  if (account.license !== applied.license) {
    const held = account.license ?? account.scim?.userType ?? 'no license';
    return release(
      'ChangedElsewhere',
      `${nameOf(account)} holds ${held}, not the ${applied.license} of this grant: left as it is.`,
      false,
      account,
    );
  }
  if (applied.license === 'ViewOnly' && applied.adopted) {
    return release(
      'Adopted',
      `${nameOf(account)} had view-only before this grant: what was found is never deprovisioned.`,
      false,
      account,
    );
  }
  if (!grant.sameNamespace && applied.adopted) {
    return release(
      'Adopted',
      `${nameOf(account)} had ${applied.license} before this grant, and a grant of another namespace takes back only what it gave.`,
      false,
      account,
    );
  }
  return null;
}

/** Deprovisioning cannot be undone: it takes the connector's word, and a grant of its own namespace. */
function releaseWhatMayNotBeDeprovisioned({ grant, policies, account }: Case): Decision | null {
  if (grant.applied?.license !== 'ViewOnly') return null;
  if (!grant.sameNamespace) {
    return release(
      'DeprovisionNotAllowed',
      `A grant of another namespace never deprovisions: ${nameOf(account)} keeps view-only.`,
      true,
      account,
    );
  }
  if (!policies.allowDeprovision) {
    return release(
      'DeprovisionNotAllowed',
      `${nameOf(account)} keeps view-only: taking it away deprovisions, and provisioning.allowDeprovision is off.`,
      true,
      account,
    );
  }
  return null;
}

function takeBack({ grant, account }: Case): Decision | null {
  const { applied, ending } = grant;
  if (!account || !applied || !ending) return null;
  const enterprise = applied.license === 'Enterprise';
  const action: PlannedAction = {
    type: enterprise ? 'RevokeEnterprise' : 'Deprovision',
    gid: account.gid,
    email: account.email,
    from: applied.license,
    to: enterprise ? 'ViewOnly' : null,
    removal: true,
  };
  const rest = enterprise ? 'view-only is left' : 'the account is deprovisioned';
  const why = ending.because === 'Deleted' ? 'The grant was deleted' : 'The grant has expired';
  return {
    kind: 'Act',
    action,
    account,
    drift: false,
    message: `${why}: ${applied.license} of ${nameOf(account)} is taken back, ${rest}.`,
  };
}

/** All is as declared. A right that is recorded already is never rewritten (rule 3). */
function settle({ grant, account }: Case): Decision {
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

/** What is declared is less than what is held. */
function lowers({ grant, account }: Case): boolean {
  return !grant.ending && grant.license === 'ViewOnly' && account?.license === 'Enterprise';
}

/** It was as declared, and somebody else changed it. */
function drifted({ grant, account }: Case): boolean {
  return account !== null && grant.applied?.license === grant.license && account.license !== grant.license;
}

function organizationOf(directory: DirectoryReading): string | null {
  return directory.snapshot.organization?.gid ?? null;
}

function nameOf(account: Account | null): string {
  return account?.email ?? account?.name ?? 'the account';
}

/** A deleted object that must wait says how to let it go all the same (rule 6). */
function withWayOut(grant: LicenseGrant, message: string): string {
  return grant.ending?.because === 'Deleted'
    ? `${message} To let this object go without acting, annotate it asana-connector.dev/abandon="true".`
    : message;
}

function release(reason: string, message: string, warning = false, account: Account | null = null): Decision {
  return { kind: 'Release', reason, warning, account, message };
}

function blocked(
  reason: string,
  errorClass: 'stalling' | 'waiting',
  message: string,
  account: Account | null = null,
  isDrifted = false,
): Decision {
  return { kind: 'Blocked', reason, errorClass, account, drifted: isDrifted, message };
}
