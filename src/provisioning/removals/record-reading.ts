import { type DoubtReason, doubtReasons } from '../../directory/doubt.ts';
import { partNames } from '../../directory/snapshot.ts';
import { type HoldToken, parseHoldToken } from './hold-token.ts';
import type { ReadingHold } from './reading-doubts.ts';
import type { HoldState } from './removal-hold.ts';
import type { WindowState } from './removal-window.ts';

/** `status.removals` and `status.holds`, unchecked: they may have been edited by hand, or written long ago. */
export interface UncheckedRecord {
  readonly removals?: unknown;
  readonly holds?: unknown;
}

/** The state that a desk begins with. */
export interface RestoredRemovals {
  /** Epoch milliseconds, when the status was read. */
  readonly readAt: number;
  readonly window: WindowState | null;
  readonly hold: HoldState | null;
  readonly doubts: readonly ReadingHold[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Leaders' clocks differ by less: a window that begins later than this in the future was not written by a leader. */
const CLOCK_TOLERANCE_MS = 300_000;

/**
 * Reads the record in the connector's status. If it cannot be read, it is not known how much of the limits is used: a
 * window begins with its limits used up, and the next removal that is wanted is held.
 */
export function readRecord(record: UncheckedRecord | undefined, now: number): RestoredRemovals {
  const window = record?.removals === undefined ? null : readWindow(record.removals, now);
  const { entries, whole } = record?.holds === undefined ? noHolds : readHolds(record.holds, now);
  const doubts = entries.flatMap(({ doubt }) => doubt ?? []);
  const hold = entries.find(({ doubt }) => !doubt)?.state ?? null;
  // A hold without a window is not credible: only a window whose limits were exceeded begins one.
  const credible = whole && (hold === null || window !== null);
  return { readAt: now, window: credible ? window : usedUp(window, now), hold, doubts };
}

function readWindow(removals: unknown, now: number): WindowState {
  if (!isFields(removals)) return usedUp(null, now);
  const { windowStartedAt, baseline, done, deprovisions } = removals;
  const startedAt = timeOf(windowStartedAt);
  const isKnown = baseline === undefined || isCount(baseline);
  if (startedAt === null || startedAt > now + CLOCK_TOLERANCE_MS || !isKnown) return usedUp(null, now);
  const window = { startedAt, baseline: baseline ?? null };
  if (!isCount(done) || !isCount(deprovisions)) return { ...window, done: null, deprovisions: null };
  return { ...window, done, deprovisions };
}

function usedUp(window: WindowState | null, now: number): WindowState {
  return { startedAt: now, baseline: window?.baseline ?? null, done: null, deprovisions: null };
}

interface Entry {
  readonly state: HoldState;
  readonly doubt: ReadingHold | null;
}

interface Holds {
  readonly entries: readonly Entry[];
  /** True if every hold could be read, and no two have the same reason. */
  readonly whole: boolean;
}

const noHolds: Holds = { entries: [], whole: true };

function readHolds(holds: unknown, now: number): Holds {
  if (!Array.isArray(holds)) return { entries: [], whole: false };
  const read = holds.map((hold: unknown) => readHold(hold, now)).filter((entry) => entry !== null);
  const byReason = new Map(read.map((entry) => [entry.doubt?.reason ?? null, entry]));
  return { entries: [...byReason.values()], whole: byReason.size === holds.length };
}

function readHold(hold: unknown, now: number): Entry | null {
  if (!isFields(hold)) return null;
  const { reason, id, since, token, count, missing, places } = hold;
  const named = typeof token === 'string' ? parseHoldToken(token) : null;
  const began = timeOf(since);
  if (!named || named.id !== id || began === null || !isCount(count)) return null;
  const state: HoldState & HoldToken = { ...named, since: Math.min(began, now) };
  if (reason === 'TooManyRemovals') return { state, doubt: null };
  if (!isDoubt(reason)) return null;
  const about = { count, missing: readMissing(missing), places: readPlaces(places) };
  return { state, doubt: { ...state, reason, message: '', ...about } };
}

function readMissing(missing: unknown): ReadingHold['missing'] {
  if (!isFields(missing)) return {};
  return Object.fromEntries(
    partNames.map((name) => [name, missing[name]]).filter(([, count]) => isCount(count)),
  );
}

function readPlaces(places: unknown): readonly string[] {
  return Array.isArray(places) ? places.filter((place) => typeof place === 'string') : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isDoubt(reason: unknown): reason is DoubtReason {
  return (doubtReasons as readonly unknown[]).includes(reason);
}

function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
