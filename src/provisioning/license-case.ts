import { isAdmin } from '../directory/account.ts';
import type { Account } from '../directory/snapshot.ts';
import type { Decision, DecisionContext, DirectoryReading, Policies } from './decision.ts';
import type { LicenseGrant } from './grant.ts';

/** Everything a policy may look at. */
export interface LicenseCase {
  readonly grant: LicenseGrant;
  readonly policies: Policies;
  readonly contest: DecisionContext['contest'];
  readonly directory: DirectoryReading;
  /** The grant's account; null when Asana has no active one. */
  readonly account: Account | null;
}

/** A policy has one thing to say: a decision, or null to leave it to the next. */
export type Policy = (this: void, subject: LicenseCase) => Decision | null;

/** The first decision of a chain; null when every policy leaves it to the next. */
export function firstOf(policies: readonly Policy[], subject: LicenseCase): Decision | null {
  for (const policy of policies) {
    const decision = policy(subject);
    if (decision) return decision;
  }
  return null;
}

/** Rule 1: an email that now means another account is nobody's license to move. Null while it does not. */
export function describeOtherHolder({ grant, directory }: LicenseCase): string | null {
  const { email } = grant.user;
  if (email === null || !grant.recorded) return null;
  const holder = directory.accountByEmail(email);
  if (!holder || holder.gid === grant.recorded.gid) return null;
  return `${email} belongs to account ${holder.gid} now, and this grant was for ${grant.recorded.gid}: delete the grant and create it anew.`;
}

/**
 * Why nothing may be taken from the account; null when something may. protectedUsers matches the address of the spec,
 * the recorded one and today's, without case.
 */
export function describeProtection(
  { grant, policies, directory }: LicenseCase,
  account: Account,
): string | null {
  const why = protectionOf(grant, policies, directory, account);
  return why === null ? null : `${nameOf(account)} is protected (${why}): nothing is taken away.`;
}

function protectionOf(
  grant: LicenseGrant,
  policies: Policies,
  directory: DirectoryReading,
  account: Account,
): string | null {
  if (account.gid === directory.snapshot.self) return "the token's own account";
  const addresses = [grant.user.email, grant.recorded?.email, account.email, account.scim?.userName];
  const names = new Set(addresses.map((address) => address?.toLowerCase()));
  if (policies.protectedUsers.some((user) => names.has(user.toLowerCase()))) return 'protectedUsers';
  return policies.protectAdmins && isAdmin(account, organizationOf(directory)) ? 'an Asana admin' : null;
}

/** Why the reading justifies no removal; null when it does. */
export function doubtAboutRemovals(directory: DirectoryReading): ReturnType<DirectoryReading['untrusted']> {
  const doubt = directory.untrusted();
  if (doubt || directory.snapshot.self !== null) return doubt;
  return {
    reason: 'AsanaUnavailable',
    message: "the token's own account, which is never touched, was not read",
  };
}

/** Three set-backs within a day mean that somebody else keeps changing it. */
const MOST_SET_BACKS = 3;

export function isFoughtOver({ setBacks }: LicenseGrant): boolean {
  return setBacks >= MOST_SET_BACKS;
}

export function organizationOf(directory: DirectoryReading): string | null {
  return directory.snapshot.organization?.gid ?? null;
}

/** What messages call an account. */
export function nameOf(account: Account | null): string {
  return account?.email ?? account?.name ?? 'the account';
}

/** A deleted object that must wait says how to let it go all the same (rule 6). */
export function withWayOut(grant: LicenseGrant, message: string): string {
  return grant.ending?.because === 'Deleted'
    ? `${message} To let this object go without acting, annotate it asana-connector.dev/abandon="true".`
    : message;
}

export function release(
  reason: string,
  message: string,
  account: Account | null = null,
  options: { readonly warning: boolean } = { warning: false },
): Decision {
  return { kind: 'Release', reason, warning: options.warning, account, message };
}

export function blocked(
  reason: string,
  errorClass: 'stalling' | 'waiting',
  message: string,
  account: Account | null = null,
  drifted = false,
): Decision {
  return { kind: 'Blocked', reason, errorClass, account, drifted, message };
}
