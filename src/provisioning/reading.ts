import { isActive } from '../directory/account.ts';
import type { Account, PartName, Snapshot, TeamMembership } from '../directory/snapshot.ts';

/** The directory as a decision may read it: the snapshot with the results of our own actions laid over it. */
export interface Reading {
  readonly snapshot: Snapshot;
  account(gid: string): Account | undefined;
  /** @param email in lower case */
  accountByEmail(email: string): Account | undefined;
  /** Null for somebody who is not in the team. */
  teamMembership(team: string, user: string): TeamMembership | null;
  /** How many other teams of the same organization somebody is in, without those that they are leaving by our doing. */
  countOtherTeamsOf(user: string, team: string): number;
  /** What a person has to answer before anything is removed, whatever it is read from; null for nothing. */
  held(): string | null;
  /** Enterprise licenses in the organization, with those on their way to others. */
  enterpriseLicenses(): number;
  /** Why these parts justify no removal and no creation; null when they do. */
  doubtAbout(parts: readonly PartName[]): {
    readonly code: 'ReadingIncomplete' | 'ReadingHeld';
    readonly message: string;
  } | null;
}

/** The gid of the one organization; null where there is none. */
export function organizationOf({ snapshot }: Pick<Reading, 'snapshot'>): string | null {
  return snapshot.organization?.gid ?? null;
}

/** Somebody who has not left: in the organization, or in another workspace. */
export function isInUse(account: Account, reading: Reading): boolean {
  return isActive(account, organizationOf(reading)) || account.memberships.some(({ active }) => active);
}
