import { type Part, type PartName, partNames, partOf, type Snapshot } from './snapshot.ts';

/**
 * Why a reading is not believed before a person says so.
 * - `DirectoryShrunk`: parts are suddenly much smaller, or a workspace that was read before is not any more.
 * - `OrganizationChanged`: the token speaks of another organization.
 * - `ListingShort`: a listing keeps bringing fewer than it announces.
 */
export const doubtReasons = ['DirectoryShrunk', 'OrganizationChanged', 'ListingShort'] as const;
export type DoubtReason = (typeof doubtReasons)[number];

export interface Doubt {
  readonly reason: DoubtReason;
  /** The parts that justify nothing while it stands. */
  readonly parts: readonly PartName[];
  /** What is missing: of the part that lacks most. */
  readonly count: number;
  /** What each part lacks, as far as it is known. */
  readonly missing: Readonly<Partial<Record<PartName, number>>>;
  /** Gids: workspaces that are read no more, or the organizations that are read instead. */
  readonly places: readonly string[];
  /** Sentences for a status message. */
  readonly message: string;
}

/** What of a doubt is recorded from one process to the next. */
export type RecordedDoubt = Pick<Doubt, 'reason' | 'count' | 'missing' | 'places'>;

/** A doubt that an earlier process has recorded. It is about all parts where no part is known to lack anything. */
export function restoreDoubt({ reason, count, missing, places }: RecordedDoubt): Doubt {
  const message = 'An earlier reading was in doubt, and no later reading has confirmed or refuted it.';
  const lacking = partNames.filter((name) => missing[name] !== undefined);
  const parts = lacking.length > 0 && places.length === 0 ? lacking : partNames;
  return { reason, parts, count, missing, places, message };
}

/** True when more is missing, or another place is: an answer to the doubt before is none to the one after. */
export function isWorse(before: Doubt, after: Doubt): boolean {
  const lacksMore = partNames.some((name) => (after.missing[name] ?? 0) > (before.missing[name] ?? 0));
  return lacksMore || after.places.some((place) => !before.places.includes(place));
}

/** How often parts are read, in milliseconds. */
export interface PartIntervals {
  readonly intervalMs: number;
  /** Of teams and who is in them. */
  readonly teamIntervalMs: number;
}

export interface ReadingState {
  /** Wall clock, epoch milliseconds. */
  readonly now: number;
  readonly intervals: PartIntervals;
  /** Those that stand. */
  readonly doubts: readonly Doubt[];
}

/** Why parts of a reading justify no removal, no creation and no upload. */
export interface PartFault {
  readonly part: PartName;
  readonly code: 'NotRead' | 'Incomplete' | 'Outdated' | DoubtReason;
  /** A sentence for a status message. */
  readonly message: string;
}

/** So many intervals a part may miss: then Asana may have changed too much. */
const OUTDATED_AFTER = 3;

const WORDS: Readonly<Record<PartName, string>> = {
  accounts: 'accounts',
  licenses: 'licenses',
  teams: 'teams',
  teamMemberships: 'team memberships',
};

/** What a part is called in messages. */
export function wordFor(name: PartName): string {
  return WORDS[name];
}

/** What of a reading did not come whole, in sentences; empty when all of it did. */
export function describeIncomplete({ parts: { accounts, licenses, teams } }: Snapshot): string[] {
  return Object.entries({ accounts, licenses, teams }).flatMap(([name, part]) =>
    part && !part.complete ? [describeGap(name, part)] : [],
  );
}

/**
 * Why a part is no whole reading, in a sentence.
 * @param word what the part is called
 * @param part null before it was read
 */
export function describeGap(word: string, part: Part | null): string {
  if (!part) return `The ${word} have not been read yet.`;
  return `Not all ${word} were read: ${part.incompleteBecause ?? 'the reason is unknown.'}`;
}

/**
 * Why what is read from `parts` justifies no removal, no creation and no upload; null when it does. The first reason
 * of the first part that has one; a doubt comes before all others, since only a person can end it.
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
  // Only a sync reads teams, however short their own interval is.
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
