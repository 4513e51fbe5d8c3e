import { type Doubt, wordFor } from './doubt.ts';
import { isAwaited, type Measure, type ReadingSize } from './measure.ts';
import { missingOf, type Part, type PartName, partNames, partOf, type Snapshot } from './snapshot.ts';

/** The same shortfall in this many readings is not an accident of one reading. */
const SHORT_READINGS = 3;

/** How many consecutive readings had the same shortfall. */
export interface ShortfallStreak {
  /** Items that were announced and not returned. */
  readonly missing: number;
  readonly times: number;
  /** `begunAt` of the last counted reading, so that a reading that is judged twice counts once. */
  readonly begunAt: number;
}

/** Returns the parts whose listings returned fewer items than announced and whose shortfall is not accepted. */
function shortParts(snapshot: Snapshot): readonly PartName[] {
  return partNames.filter((name) => {
    const part = partOf(snapshot, name);
    return part !== null && !part.complete && part.shortfall !== undefined;
  });
}

/** Counts the items listings lack. Accounts and licenses are one listing over SCIM alone; teams and members too. */
function countMissing({ parts }: Snapshot): number {
  const lacking = ({ shortfall }: Part) => (shortfall ? missingOf(shortfall) : 0);
  return lacking(parts.licenses ?? parts.accounts) + (parts.teams ? lacking(parts.teams) : 0);
}

/** Returns the streak including this reading; `null` if the reading was not short. */
export function continueStreak(snapshot: Snapshot, before: ShortfallStreak | null): ShortfallStreak | null {
  if (shortParts(snapshot).length === 0) return null;
  const { begunAt } = snapshot.parts.accounts;
  const missing = countMissing(snapshot);
  if (before?.missing !== missing) return { missing, times: 1, begunAt };
  return { missing, times: before.begunAt === begunAt ? before.times : before.times + 1, begunAt };
}

/** Returns the doubt about listings that are repeatedly short. A standing one ends only once its parts are complete. */
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

/** Returns the accepted shortfall after this reading. It never grows, and falls when less is missing. */
export function shortfallAccepted({ acceptedShortfall }: Measure, snapshot: Snapshot): number | null {
  const { accounts, licenses, teams } = snapshot.parts;
  if (acceptedShortfall === null || ![accounts, licenses ?? accounts, teams].every((part) => part?.complete))
    return acceptedShortfall;
  return Math.min(acceptedShortfall, countMissing(snapshot)) || null;
}
