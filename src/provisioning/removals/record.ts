import { formatTime } from '../../core/clock.ts';
import type { Doubt, DoubtReason } from '../../directory/doubt.ts';
import type { RemovalLimits } from './demand.ts';
import { formatHoldToken } from './hold-token.ts';
import type { ReadingHold } from './reading-doubts.ts';
import { removalLimit, type WindowState } from './removal-window.ts';
import type { ShownHold } from './standing-hold.ts';

/** `status.removals` of a connector. Times are RFC 3339; numbers count people. */
export interface WindowRecord {
  readonly windowStartedAt: string;
  /** Absent while an unreadable record still counts: the next process must not take the limits for unused either. */
  readonly done?: number;
  readonly pending: number;
  readonly limit: number;
  /** Absent while not known. */
  readonly baseline?: number;
  readonly deprovisions?: number;
}

/** One entry of `status.holds` of a connector. */
export interface HoldRecord {
  readonly reason: 'TooManyRemovals' | DoubtReason;
  readonly id: string;
  readonly since: string;
  readonly token: string;
  /** The number of removals; for a doubted reading, of the items that it lacks. */
  readonly count: number;
  readonly people?: number;
  /** How many items each part of a doubted reading lacks. */
  readonly missing?: Doubt['missing'];
  /** Gids of the places that a doubt is about. */
  readonly places?: readonly string[];
  /** The first twenty. */
  readonly pending?: readonly { readonly who: string; readonly what: string }[];
}

/** The state of the desk that the connector's status carries from one process to the next. */
export interface RemovalsRecord {
  readonly removals?: WindowRecord;
  readonly holds?: readonly HoldRecord[];
}

/** The state that a record is written from. */
export interface RecordedState {
  readonly window: WindowState | null;
  readonly pending: number;
  readonly limits: RemovalLimits;
  readonly hold: ShownHold | null;
  readonly doubts: readonly ReadingHold[];
}

/** Returns the record for the connector's status; empty if there is nothing to remember. */
export function writeRecord({ window, pending, limits, hold, doubts }: RecordedState): RemovalsRecord {
  const holds = [...(hold ? [holdRecord(hold)] : []), ...doubts.map(doubtRecord)];
  return {
    ...(window ? { removals: windowRecord(window, pending, limits) } : {}),
    ...(holds.length > 0 ? { holds } : {}),
  };
}

function windowRecord(window: WindowState, pending: number, limits: RemovalLimits): WindowRecord {
  const { startedAt, baseline, done, deprovisions } = window;
  return {
    // Whole seconds, rounded up: rounded down, a restart would end the window a little too early.
    windowStartedAt: formatTime(Math.ceil(startedAt / 1_000) * 1_000),
    ...(done === null ? {} : { done }),
    pending,
    limit: removalLimit(limits, baseline),
    ...(baseline === null ? {} : { baseline }),
    ...(deprovisions === null ? {} : { deprovisions }),
  };
}

function holdRecord({ id, n, since, count, people, first }: ShownHold): HoldRecord {
  return {
    reason: 'TooManyRemovals',
    id,
    since: formatTime(since),
    token: formatHoldToken({ id, n }),
    count,
    people,
    pending: first.map(({ who, what }) => ({ who, what })),
  };
}

function doubtRecord(doubt: ReadingHold): HoldRecord {
  const { reason, id, since, count, missing, places } = doubt;
  const token = formatHoldToken(doubt);
  const lacks = Object.keys(missing).length > 0;
  return {
    reason,
    id,
    since: formatTime(since),
    token,
    count,
    ...(lacks ? { missing } : {}),
    ...(places.length > 0 ? { places } : {}),
  };
}
