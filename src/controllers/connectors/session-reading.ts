import type { Directory } from '../../directory/directory.ts';
import { type Doubt, doubtAbout, type PartIntervals } from '../../directory/doubt.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { Reading } from '../../provisioning/reading.ts';

export interface ReadingParts {
  readonly directory: Directory;
  readonly snapshot: Snapshot;
  readonly intervals: PartIntervals;
  readonly doubts: readonly Doubt[];
  /** The last sync brought nothing: what is known is older than it looks. */
  readonly lastFailed: boolean;
  /** Enterprise licenses that are on their way to others. */
  readonly seatsBeside: () => number;
  /** Whether somebody may have left a team by our doing, whatever is shown. */
  readonly isLeaving: Directory['isLeaving'];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A listing that fails from its first page on is no better than one that breaks off. */
const LAST_FAILED = {
  code: 'ReadingIncomplete',
  message: 'The last sync failed. See the condition Synced of the connector.',
} as const;

/** The directory of one connector as a decision may read it. */
export function readingOf({
  directory,
  snapshot,
  intervals,
  doubts,
  lastFailed,
  seatsBeside,
  isLeaving,
  now,
}: ReadingParts): Reading {
  return {
    snapshot,
    account: (gid) => directory.account(gid),
    accountByEmail: (email) => directory.accountByEmail(email),
    teamMembership: (team, user) => directory.teamMembership(team, user),
    countOtherTeamsOf: (user, team) =>
      countOtherTeamsOf(user, team, snapshot, {
        teamMembership: (other, who) => directory.teamMembership(other, who),
        isLeaving,
      }),
    held: () => doubts[0]?.message ?? null,
    enterpriseLicenses: () => directory.counts().enterpriseLicenses + seatsBeside(),
    doubtAbout: (parts) => {
      const fault = doubtAbout(snapshot, parts, { now, intervals, doubts });
      if (!fault) return lastFailed ? LAST_FAILED : null;
      const held = doubts.some(({ reason }) => reason === fault.code);
      return { code: held ? 'ReadingHeld' : 'ReadingIncomplete', message: fault.message };
    },
  };
}

/** Other teams of the same organization that somebody is in, and is not leaving. O(team memberships): asked for guests alone, of whom few leave one. */
export function countOtherTeamsOf(
  user: string,
  team: string,
  { teams }: Snapshot,
  directory: Pick<Directory, 'teamMembership' | 'isLeaving'>,
): number {
  const home = teams.get(team)?.organization;
  let count = 0;
  for (const { gid: other, organization } of teams.values()) {
    if (other === team || organization !== home) continue;
    if (directory.teamMembership(other, user) && !directory.isLeaving(other, user)) count += 1;
  }
  return count;
}

/** When the reading of who holds which license began, by the monotonic clock; -Infinity while there is none that is whole. */
export function seatsReadAt(directory: Directory): number {
  const { accounts, licenses } = directory.current()?.parts ?? {};
  const part = licenses ?? accounts;
  return part?.complete ? part.begunAt : Number.NEGATIVE_INFINITY;
}
