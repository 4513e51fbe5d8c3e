import type { Contest } from './decision.ts';
import type { LicenseGrant } from './grant.ts';

/**
 * What the other grants for the same account of the same organization mean for one grant (DESIGN §3.2 rule 2). The
 * oldest contender wins, then namespace/name; grants that are deleted, expired, suspended or not allowed by
 * namespace do not contend.
 * @param rivals every other grant for the account
 */
export function judgeContest(grant: LicenseGrant, rivals: readonly LicenseGrant[]): Contest {
  const oldest = findWinner(rivals);
  if (!oldest) return { kind: 'Uncontested' };
  if (grant.ending) {
    // What is handed on is the right that was applied, whatever the spec said last.
    const sameLicense = oldest.license === grant.applied?.license;
    return { kind: 'Succeeded', successor: nameOf(oldest), sameLicense };
  }
  return contends(grant) && precedes(oldest, grant)
    ? { kind: 'Lost', winner: nameOf(oldest) }
    : { kind: 'Uncontested' };
}

/**
 * The ended grant whose right a live one takes over, adopted flag included: it holds the license that
 * the live one declares. Null when there is none, or when the live one does not win its own contest.
 */
export function findPredecessor(grant: LicenseGrant, rivals: readonly LicenseGrant[]): LicenseGrant | null {
  if (grant.ending || !contends(grant) || judgeContest(grant, rivals).kind === 'Lost') return null;
  return oldestOf(rivals.filter((rival) => rival.ending && rival.applied?.license === grant.license));
}

/** The grant that rules an account, out of all for it: the oldest that contends; null when none does. */
export function findWinner(grants: readonly LicenseGrant[]): LicenseGrant | null {
  return oldestOf(grants.filter(contends));
}

function oldestOf(grants: readonly LicenseGrant[]): LicenseGrant | null {
  return grants.reduce<LicenseGrant | null>(
    (best, grant) => (best && precedes(best, grant) ? best : grant),
    null,
  );
}

function contends(grant: LicenseGrant): boolean {
  return !grant.ending && !grant.suspended && grant.namespaceAllowed;
}

function precedes(a: LicenseGrant, b: LicenseGrant): boolean {
  return a.createdAt === b.createdAt ? nameOf(a) < nameOf(b) : a.createdAt < b.createdAt;
}

function nameOf({ object }: LicenseGrant): string {
  return `${object.namespace}/${object.name}`;
}
