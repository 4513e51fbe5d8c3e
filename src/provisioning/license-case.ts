import type { Account } from '../directory/snapshot.ts';
import type { Decision, DecisionContext, DirectoryReading, Policies } from './decision.ts';
import type { LicenseGrant } from './grant.ts';
import { protectionOf } from './protection.ts';

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
  const addresses = [grant.user.email, grant.recorded?.email];
  const why = protectionOf(account, policies, directory.snapshot, addresses);
  return why === null ? null : `${nameOf(account)} is protected (${why}): nothing is taken away.`;
}

/** Why a license that is neither of the two is left alone. */
export function describeUnknownLicense(account: Account): string {
  const userType = account.scim?.userType ?? null;
  return userType === null
    ? `Asana shows no license (userType) for ${nameOf(account)}: the organization has no view-only licenses, or SCIM does not list the account.`
    : `Asana shows the license "${userType}" for ${nameOf(account)}, which scim.userTypes of the connector does not name; it is left alone.`;
}

/** Why no further enterprise license is given; null while the limit leaves one. */
export function describeLicenseLimit(
  { maxEnterpriseLicenses: limit }: Policies,
  used: () => number,
): string | null {
  if (limit === null) return null;
  const count = used();
  if (count < limit) return null;
  return `${count} of ${limit} enterprise licenses are in use: raise maxEnterpriseLicenses of the connector, or free one.`;
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
