import type { Directory } from '../../directory/directory.ts';
import { type Doubt, doubtAbout, type PartIntervals } from '../../directory/doubt.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { Reading } from '../../provisioning/reading.ts';

export interface ReadingParts {
  readonly directory: Directory;
  readonly snapshot: Snapshot;
  readonly intervals: PartIntervals;
  readonly doubts: readonly Doubt[];
  /** True if the last sync read nothing: the snapshot is older than it looks. */
  readonly lastFailed: boolean;
  /** Counts the enterprise licenses that are being given to others. */
  readonly seatsBeside: () => number;
  /** Whether an action of ours may have removed a user from a team, whatever the directory shows. */
  readonly isLeaving: Directory['isLeaving'];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A listing that fails from its first page on counts like one that breaks off. */
const LAST_FAILED = {
  code: 'ReadingIncomplete',
  message: 'The last sync failed. See the condition Synced of the connector.',
} as const;

/** Returns the directory of one connector as decisions may read it. */
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

/** Counts a user's other teams in the organization, except those being left. O(team memberships): for guests only. */
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

/** Returns when the reading of licenses began, by the monotonic clock; -Infinity without a complete one. */
export function seatsReadAt(directory: Directory): number {
  const { accounts, licenses } = directory.current()?.parts ?? {};
  const part = licenses ?? accounts;
  return part?.complete ? part.begunAt : Number.NEGATIVE_INFINITY;
}
