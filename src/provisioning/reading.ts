import { isActive } from '../directory/account.ts';
import type { Account, PartName, Snapshot, TeamMembership } from '../directory/snapshot.ts';

/** The directory as decisions see it: the snapshot with our own fresh reads and actions laid over it. */
export interface Reading {
  readonly snapshot: Snapshot;
  account(gid: string): Account | undefined;
  /** @param email in lower case */
  accountByEmail(email: string): Account | undefined;
  /** `null` if the user is not in the team. */
  teamMembership(team: string, user: string): TeamMembership | null;
  /** Counts the user's other teams in the same organization, without those that our own actions are taking away. */
  countOtherTeamsOf(user: string, team: string): number;
  /** The message of the hold on a reading that has to be answered before any right is removed; `null` for none. */
  held(): string | null;
  /** The number of enterprise licenses in the organization, including those being given to others. */
  enterpriseLicenses(): number;
  /** Why these parts justify no removal and no creation; `null` if they do. */
  doubtAbout(parts: readonly PartName[]): {
    readonly code: 'ReadingIncomplete' | 'ReadingHeld';
    readonly message: string;
  } | null;
}

/** Returns the gid of the one organization; `null` if there is none. */
export function organizationOf({ snapshot }: Pick<Reading, 'snapshot'>): string | null {
  return snapshot.organization?.gid ?? null;
}

/** Whether the account is in use: active in the organization or in any other workspace. */
export function isInUse(account: Account, reading: Reading): boolean {
  return isActive(account, organizationOf(reading)) || account.memberships.some(({ active }) => active);
}
