import { isKnownIn } from '../directory/account.ts';
import type { Account } from '../directory/snapshot.ts';
import { isOneWay, isRemoval } from './actions.ts';
import { isOpen, nextLook } from './attempt.ts';
import type { Decision, GrantContext, ReleaseReason } from './decision.ts';
import type { Grant } from './grant.ts';
import { organizationOf, type Reading } from './reading.ts';
import type { RefusalCode } from './refusal.ts';
import type { Right } from './right.ts';
import { nameOf, type RightCase } from './right-rules.ts';
import { isPlaceRead, leadsTo, placeOfRight, rightRulesOf } from './rights.ts';

/** One grant on one reading: what the policies about its life look at. */
export interface GrantCase {
  readonly grant: Grant;
  readonly context: GrantContext;
  readonly reading: Reading;
  readonly right: Right;
  /** As the directory knows them, in use or not; null for nobody. */
  readonly account: Account | null;
  readonly subject: RightCase;
}

/** A policy about a grant's life has one thing to say: a decision, or null to leave it to the next. */
export type GrantPolicy = (this: void, subject: GrantCase) => Decision | null;

export function openGrantCase(
  grant: Grant,
  context: GrantContext,
  reading: Reading,
  right: Right,
): GrantCase {
  const account = findAccount(grant, reading);
  const { policies, declared } = context;
  const subject: RightCase = {
    right,
    account,
    wanted: { email: grant.user.email ?? grant.recorded?.email ?? null, name: grant.name },
    aliases: [grant.user.email, grant.recorded?.email].filter((alias) => typeof alias === 'string'),
    // Nobody is created who was found, or created, before: a leaver does not come back by himself.
    mayCreate:
      grant.mayCreate && grant.user.email !== null && !hadAnAccountThere({ grant, reading, right, account }),
    asker: 'Grant',
    policies,
    reading,
    organization: organizationOf(reading),
    declared,
  };
  return { grant, context, reading, right, account, subject };
}

/** The account of a grant: by gid once that is recorded, else as the spec says. */
export function findAccount({ recorded, user }: Grant, reading: Reading): Account | null {
  const gid = recorded?.gid ?? user.gid;
  if (gid !== null) return reading.account(gid) ?? null;
  return reading.accountByEmail(user.email?.toLowerCase() ?? '') ?? null;
}

/**
 * Whether the person had an account in the place of the right: whom the grant found elsewhere only has not left it.
 */
export function hadAnAccountThere({
  grant,
  right,
  account,
  reading,
}: Pick<GrantCase, 'grant' | 'right' | 'account' | 'reading'>): boolean {
  const { recorded, created, applied } = grant;
  if (recorded === null && !created) return false;
  if (created || applied !== null || account === null) return true;
  const place = placeOfRight(right, reading);
  if (place === null || recorded?.organization === place) return true;
  return isKnownIn(account, place, organizationOf(reading));
}

/**
 * An action of this object leads to the right, so what is held of it was given. What came of a creation that was given up
 * nobody knows: a person was asked to look, and may have done it by hand.
 */
export function isGiving({ attempt }: Grant, right: Right): boolean {
  if (!isOpen(attempt) || !leadsTo(right, attempt)) return false;
  return attempt.result === 'Pending' || !isOneWay(attempt.type);
}

/** Something was given that Asana does not show, and its time to do so has not passed. */
export function isAwaited({ attempt }: Grant, now: number): boolean {
  return attempt?.result === 'Pending' && !isRemoval(attempt) && nextLook(now - attempt.at) !== null;
}

/** What the account holds of the right; undefined while nobody knows. */
export function observedIn(subject: GrantCase): string | null | undefined {
  return isHoldingKnown(subject) ? rightRulesOf(subject.right).observe(subject.subject) : undefined;
}

/**
 * What is listed is so. What a listing in doubt lacks may be there all the same, unless it was looked for by itself; and of a
 * team or workspace that is not read nobody knows who is in it.
 */
export function isHoldingKnown(subject: GrantCase): boolean {
  if (!isPlaceRead(subject.right, subject.reading)) return false;
  const seen = rightRulesOf(subject.right).observe(subject.subject);
  if (seen === undefined) return false;
  return seen !== null || subject.context.lookedUp || doubtIn(subject) === null;
}

/** What is doubtful about that from which the right is read; null when nothing is. */
export function doubtIn({ right, reading, context }: GrantCase): ReturnType<Reading['doubtAbout']> {
  return reading.doubtAbout(rightRulesOf(right).parts(context.policies));
}

export function holdsRight({ subject, right }: GrantCase): boolean {
  return rightRulesOf(right).holds(subject);
}

/** Three set-backs within a day mean that somebody else keeps changing it. */
export const MOST_SET_BACKS = 3;

export function isFoughtOver({ grant }: GrantCase): boolean {
  return grant.setBacks >= MOST_SET_BACKS;
}

/** The first decision of a chain; null when every policy leaves it to the next. */
export function firstDecision(policies: readonly GrantPolicy[], subject: GrantCase): Decision | null {
  for (const policy of policies) {
    const decision = policy(subject);
    if (decision) return decision;
  }
  return null;
}

/** An email that now means another account is nobody's right to move; null while it does not. */
export function describeOtherHolder({ grant, reading }: Pick<GrantCase, 'grant' | 'reading'>): string | null {
  const { email } = grant.user;
  if (email === null || !grant.recorded) return null;
  const holder = reading.accountByEmail(email.toLowerCase());
  if (!holder || holder.gid === grant.recorded.gid) return null;
  return `${email} now belongs to account ${holder.gid}, but this grant is for account ${grant.recorded.gid}. Delete the grant and create it again.`;
}

/** Gids mean nothing in another organization than the one they were recorded in; null while it is the same. */
export function describeOtherOrganization({
  grant,
  reading,
}: Pick<GrantCase, 'grant' | 'reading'>): string | null {
  const home = grant.recorded?.organization ?? null;
  const { workspaces, leftOut } = reading.snapshot;
  // Where the workspace that the grant names is not read, that is what there is to say.
  if (grant.wish.type === 'Workspace' && grant.wish.workspace === home) return null;
  if (home === null || [...workspaces, ...leftOut].some(({ gid }) => gid === home)) return null;
  return `This grant belongs to organization ${home}, which the connector no longer reads. Correct the connector, or delete the grant and create it again.`;
}

/** A deleted object that must wait says how to let it go all the same. */
export function withWayOut({ ending }: Grant, message: string): string {
  return ending?.because === 'Deleted'
    ? `${message} To release this object without acting, set the annotation asana-connector.dev/abandon to "true".`
    : message;
}

export function whoIn({ account, subject }: GrantCase): string {
  return account ? nameOf(account) : (subject.wanted.email ?? 'the account');
}

/** A decision that lets go, with what was seen. */
export function releaseCase(
  subject: GrantCase,
  reason: ReleaseReason,
  message: string,
  options: { readonly warning: boolean } = { warning: false },
): Decision {
  const { account, right } = subject;
  return {
    kind: 'Release',
    reason,
    warning: options.warning,
    account,
    right,
    observed: observedIn(subject),
    message,
  };
}

/** What is said of a grant that ends and holds nothing: who was invited by it may be a guest, whom no API takes out. */
export function describeNothingApplied({ created, deletionPolicy }: Grant): {
  message: string;
  warning: boolean;
} {
  const message = created
    ? 'The grant ended and was never applied, but it created or invited the account, which is kept. If the account is no longer required, remove it in Asana.'
    : 'The grant ended and was never applied. Nothing was changed in Asana.';
  return { message, warning: created && deletionPolicy === 'Revoke' };
}

/** A decision that waits, with what was seen. */
export function blockCase(subject: GrantCase, code: RefusalCode, message: string, drift = false): Decision {
  const { account, right } = subject;
  return { kind: 'Blocked', code, drift, account, right, observed: observedIn(subject), message };
}

/** Decisions of somebody who has not looked at Asana. */
export function releaseUnseen(
  reason: ReleaseReason,
  message: string,
  options: { readonly warning: boolean } = { warning: false },
): Decision {
  return {
    kind: 'Release',
    reason,
    warning: options.warning,
    account: undefined,
    right: null,
    observed: undefined,
    message,
  };
}

export function blockUnseen(code: RefusalCode, message: string): Decision {
  return {
    kind: 'Blocked',
    code,
    drift: false,
    account: undefined,
    right: null,
    observed: undefined,
    message,
  };
}
