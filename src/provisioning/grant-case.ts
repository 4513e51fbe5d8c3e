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

/** One grant on one reading: what the policies about the grant's life look at. */
export interface GrantCase {
  readonly grant: Grant;
  readonly context: GrantContext;
  readonly reading: Reading;
  readonly right: Right;
  /** The account as the directory knows it, in use or not; `null` if there is none. */
  readonly account: Account | null;
  readonly subject: RightCase;
}

/** One policy about a grant's life: returns a decision, or `null` to leave the case to the next policy. */
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
    // An account that was found or created before is not created again: leavers must not come back automatically.
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

/** Finds the account of a grant: by the recorded gid, else by the gid or email of the spec. */
export function findAccount({ recorded, user }: Grant, reading: Reading): Account | null {
  const gid = recorded?.gid ?? user.gid;
  if (gid !== null) return reading.account(gid) ?? null;
  return reading.accountByEmail(user.email?.toLowerCase() ?? '') ?? null;
}

/**
 * Whether the person had an account in the place of the right. A person who was only found elsewhere never left it.
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
 * Whether an open attempt of this grant leads to the right, so that a right now held was given rather than found. A
 * one-way attempt that was given up does not count: a person was asked to check, and may have done it by hand.
 */
export function isGiving({ attempt }: Grant, right: Right): boolean {
  if (!isOpen(attempt) || !leadsTo(right, attempt)) return false;
  return attempt.result === 'Pending' || !isOneWay(attempt.type);
}

/** Whether a pending attempt gives something that Asana may still show: the time for that has not passed. */
export function isAwaited({ attempt }: Grant, now: number): boolean {
  return attempt?.result === 'Pending' && !isRemoval(attempt) && nextLook(now - attempt.at) !== null;
}

/** Returns what the account holds of the right; `null` for nothing, `undefined` while that is not known. */
export function observedIn(subject: GrantCase): string | null | undefined {
  return isHoldingKnown(subject) ? rightRulesOf(subject.right).observe(subject.subject) : undefined;
}

/**
 * Whether the reading shows if the account holds the right. What is listed is certain. What a listing in doubt lacks
 * may exist all the same, unless the person was looked up individually. Of a place that is not read nothing is known.
 */
export function isHoldingKnown(subject: GrantCase): boolean {
  if (!isPlaceRead(subject.right, subject.reading)) return false;
  const seen = rightRulesOf(subject.right).observe(subject.subject);
  if (seen === undefined) return false;
  return seen !== null || subject.context.lookedUp || doubtIn(subject) === null;
}

/** Returns the doubt about the parts that the right is read from; `null` if there is none. */
export function doubtIn({ right, reading, context }: GrantCase): ReturnType<Reading['doubtAbout']> {
  return reading.doubtAbout(rightRulesOf(right).parts(context.policies));
}

export function holdsRight({ subject, right }: GrantCase): boolean {
  return rightRulesOf(right).holds(subject);
}

/** Three set-backs within a day mean that something else keeps changing the right. */
export const MOST_SET_BACKS = 3;

export function isFoughtOver({ grant }: GrantCase): boolean {
  return grant.setBacks >= MOST_SET_BACKS;
}

/** Returns the first decision of a chain of policies; `null` if none decides. */
export function firstDecision(policies: readonly GrantPolicy[], subject: GrantCase): Decision | null {
  for (const policy of policies) {
    const decision = policy(subject);
    if (decision) return decision;
  }
  return null;
}

/** Returns the message that the email now belongs to another account, to which the grant must not move; else `null`. */
export function describeOtherHolder({ grant, reading }: Pick<GrantCase, 'grant' | 'reading'>): string | null {
  const { email } = grant.user;
  if (email === null || !grant.recorded) return null;
  const holder = reading.accountByEmail(email.toLowerCase());
  if (!holder || holder.gid === grant.recorded.gid) return null;
  return `${email} now belongs to account ${holder.gid}, but this grant is for account ${grant.recorded.gid}. Delete the grant and create it again.`;
}

/** Returns the message that the organization in which the grant's gids are valid is no longer read; else `null`. */
export function describeOtherOrganization({
  grant,
  reading,
}: Pick<GrantCase, 'grant' | 'reading'>): string | null {
  const home = grant.recorded?.organization ?? null;
  const { workspaces, leftOut } = reading.snapshot;
  // A workspace grant is refused by its own rule instead, which names the workspace that is not read.
  if (grant.wish.type === 'Workspace' && grant.wish.workspace === home) return null;
  if (home === null || [...workspaces, ...leftOut].some(({ gid }) => gid === home)) return null;
  return `This grant belongs to organization ${home}, which the connector no longer reads. Correct the connector, or delete the grant and create it again.`;
}

/** Adds to the message of a deleted object that waits how to release it without acting. */
export function withWayOut({ ending }: Grant, message: string): string {
  return ending?.because === 'Deleted'
    ? `${message} To release this object without acting, set the annotation asana-connector.dev/abandon to "true".`
    : message;
}

/** Adds to the message of an expired object that a rule stops how to leave the access as it is. */
export function withWayOutOfExpiry(message: string): string {
  return `${message} The grant has expired and the access remains. To leave it as it is, delete the grant or set deletionPolicy to Retain.`;
}

export function whoIn({ account, subject }: GrantCase): string {
  return account ? nameOf(account) : (subject.wanted.email ?? 'the account');
}

/** Decides to release the grant, with what was seen. */
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
    held: holdsRight(subject),
    message,
  };
}

/** Returns the message for an ended grant that holds nothing. It warns of a created account: no API removes guests. */
export function describeNothingApplied({ created, deletionPolicy }: Grant): {
  message: string;
  warning: boolean;
} {
  const message = created
    ? 'The grant ended and was never applied, but it created or invited the account, which is kept. If the account is no longer required, remove it in Asana.'
    : 'The grant ended and was never applied. Nothing was changed in Asana.';
  return { message, warning: created && deletionPolicy === 'Revoke' };
}

/** Decides that nothing can be done now, with what was seen. */
export function blockCase(subject: GrantCase, code: RefusalCode, message: string, drift = false): Decision {
  const { account, right } = subject;
  return { kind: 'Blocked', code, drift, account, right, observed: observedIn(subject), message };
}

/** Decides to release the grant without a look at Asana. */
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
    held: false,
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
