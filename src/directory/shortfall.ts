import { type Doubt, wordFor } from './doubt.ts';
import { isAwaited, type Measure, type ReadingSize } from './measure.ts';
import { missingOf, type Part, type PartName, partNames, partOf, type Snapshot } from './snapshot.ts';

/** The same shortfall so many times is no accident of one reading. */
const SHORT_READINGS = 3;

/** How often a listing was short in the same way, from reading to reading. */
export interface ShortfallStreak {
  /** Items that were announced and did not come. */
  readonly missing: number;
  readonly times: number;
  /** `begunAt` of the reading that counted last: one that is judged twice counts once. */
  readonly begunAt: number;
}

/** The listings that announced more than they gave, and are not accepted as they are. */
function shortParts(snapshot: Snapshot): readonly PartName[] {
  return partNames.filter((name) => {
    const part = partOf(snapshot, name);
    return part !== null && !part.complete && part.shortfall !== undefined;
  });
}

/** Items that listings lack. Over SCIM alone, accounts and licenses are one listing; teams and their members too. */
function countMissing({ parts }: Snapshot): number {
  const lacking = ({ shortfall }: Part) => (shortfall ? missingOf(shortfall) : 0);
  return lacking(parts.licenses ?? parts.accounts) + (parts.teams ? lacking(parts.teams) : 0);
}

/** The streak with this reading; null when it was not short. */
export function continueStreak(snapshot: Snapshot, before: ShortfallStreak | null): ShortfallStreak | null {
  if (shortParts(snapshot).length === 0) return null;
  const { begunAt } = snapshot.parts.accounts;
  const missing = countMissing(snapshot);
  if (before?.missing !== missing) return { missing, times: 1, begunAt };
  return { missing, times: before.begunAt === begunAt ? before.times : before.times + 1, begunAt };
}

/** The doubt about listings that keep being short; one that stands ends only when its parts are whole. */
export function doubtListings(
  snapshot: Snapshot,
  { parts }: ReadingSize,
  streak: ShortfallStreak | null,
  doubts: readonly Doubt[],
): Doubt | null {
  const standing = doubts.find(({ reason }) => reason === 'ListingShort');
  if (!streak) {
    const isWhole = (name: PartName) => parts[name]?.whole ?? !isAwaited(name, null);
    return standing && !standing.parts.every(isWhole) ? standing : null;
  }
  if (!standing && streak.times < SHORT_READINGS) return null;
  const short = shortParts(snapshot);
  return {
    reason: 'ListingShort',
    parts: short,
    count: streak.missing,
    missing: Object.fromEntries(short.map((name) => [name, streak.missing])),
    places: [],
    message: `Asana repeatedly announces ${streak.missing} more entries than it lists (${short.map(wordFor).join(', ')}).`,
  };
}

/** What was accepted stands while it does not grow, and falls when less is missing. */
export function shortfallAccepted({ acceptedShortfall }: Measure, snapshot: Snapshot): number | null {
  const { accounts, licenses, teams } = snapshot.parts;
  if (acceptedShortfall === null || ![accounts, licenses ?? accounts, teams].every((part) => part?.complete))
    return acceptedShortfall;
  return Math.min(acceptedShortfall, countMissing(snapshot)) || null;
}
