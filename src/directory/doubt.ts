import { type Part, type PartName, partNames, partOf, type Snapshot } from './snapshot.ts';

/**
 * Why a reading is not trusted until a person confirms it.
 * - `DirectoryShrunk`: parts are suddenly much smaller, or a workspace that was read before is no longer read.
 * - `OrganizationChanged`: the token belongs to another organization.
 * - `ListingShort`: a listing repeatedly returns fewer items than it announces.
 */
export const doubtReasons = ['DirectoryShrunk', 'OrganizationChanged', 'ListingShort'] as const;
export type DoubtReason = (typeof doubtReasons)[number];

export interface Doubt {
  readonly reason: DoubtReason;
  /** The parts that justify no action while the doubt stands. */
  readonly parts: readonly PartName[];
  /** How many items are missing from the part that lacks most. */
  readonly count: number;
  /** How many items each part lacks, as far as known. */
  readonly missing: Readonly<Partial<Record<PartName, number>>>;
  /** Gids of the workspaces that are no longer read, or of the organizations that are read instead. */
  readonly places: readonly string[];
  /** Sentences for a status message. */
  readonly message: string;
}

/** The fields of a doubt that are recorded across restarts. */
export type RecordedDoubt = Pick<Doubt, 'reason' | 'count' | 'missing' | 'places'>;

/** Restores a doubt that an earlier process recorded. It covers all parts if no part is known to lack anything. */
export function restoreDoubt({ reason, count, missing, places }: RecordedDoubt): Doubt {
  const message = 'An earlier reading was in doubt, and no later reading has confirmed or refuted it.';
  const lacking = partNames.filter((name) => missing[name] !== undefined);
  const parts = lacking.length > 0 && places.length === 0 ? lacking : partNames;
  return { reason, parts, count, missing, places, message };
}

/** Whether more items, or another place, are affected: an answer to the earlier doubt does not answer a worse one. */
export function isWorse(before: Doubt, after: Doubt): boolean {
  const lacksMore = partNames.some((name) => (after.missing[name] ?? 0) > (before.missing[name] ?? 0));
  return lacksMore || after.places.some((place) => !before.places.includes(place));
}

/** How often parts are read, in milliseconds. */
export interface PartIntervals {
  readonly intervalMs: number;
  /** For teams and their members. */
  readonly teamIntervalMs: number;
}

export interface ReadingState {
  /** Wall clock, epoch milliseconds. */
  readonly now: number;
  readonly intervals: PartIntervals;
  /** The doubts that stand. */
  readonly doubts: readonly Doubt[];
}

/** Why one part of a reading justifies no removal, no creation and no upload. */
export interface PartFault {
  readonly part: PartName;
  readonly code: 'NotRead' | 'Incomplete' | 'Outdated' | DoubtReason;
  /** A sentence for a status message. */
  readonly message: string;
}

/** A part older than this many intervals is outdated: Asana may have changed too much since. */
const OUTDATED_AFTER = 3;

const WORDS: Readonly<Record<PartName, string>> = {
  accounts: 'accounts',
  licenses: 'licenses',
  teams: 'teams',
  teamMemberships: 'team memberships',
};

/** Returns the name of a part for messages. */
export function wordFor(name: PartName): string {
  return WORDS[name];
}

/** Describes the incomplete parts of a reading in sentences; empty if all are complete. */
export function describeIncomplete({ parts: { accounts, licenses, teams } }: Snapshot): string[] {
  return Object.entries({ accounts, licenses, teams }).flatMap(([name, part]) =>
    part && !part.complete ? [describeGap(name, part)] : [],
  );
}

/**
 * Describes in a sentence why a part is not a complete reading.
 * @param word the name of the part
 * @param part `null` before it was first read
 */
export function describeGap(word: string, part: Part | null): string {
  if (!part) return `The ${word} have not been read yet.`;
  return `Not all ${word} were read: ${part.incompleteBecause ?? 'the reason is unknown.'}`;
}

/**
 * Returns why the given parts justify no removal, no creation and no upload; `null` if they do. The first fault of the
 * first part that has one. A doubt comes before all others, since only a person can end it.
 */
export function doubtAbout(
  snapshot: Snapshot | null,
  parts: readonly PartName[],
  { now, intervals, doubts }: ReadingState,
): PartFault | null {
  for (const { reason, parts: doubted, message } of doubts) {
    const part = parts.find((name) => doubted.includes(name));
    if (part) return { part, code: reason, message };
  }
  for (const name of parts) {
    const fault = faultOf(name, snapshot, now, intervals);
    if (fault) return fault;
  }
  return null;
}

function faultOf(
  name: PartName,
  snapshot: Snapshot | null,
  now: number,
  { intervalMs, teamIntervalMs }: PartIntervals,
): PartFault | null {
  const part = snapshot && partOf(snapshot, name);
  const word = wordFor(name);
  if (!part) return { part: name, code: 'NotRead', message: describeGap(word, part) };
  if (!part.complete) return { part: name, code: 'Incomplete', message: describeGap(word, part) };
  // Only a sync reads teams, so their interval is never shorter than that of syncs.
  const ofTeams = name === 'teams' || name === 'teamMemberships';
  const interval = ofTeams ? Math.max(intervalMs, teamIntervalMs) : intervalMs;
  if (now - part.at <= OUTDATED_AFTER * interval) return null;
  const minutes = Math.round((now - part.at) / 60_000);
  return {
    part: name,
    code: 'Outdated',
    message: `The ${word} were read ${minutes} min ago, and every reading since has failed.`,
  };
}
