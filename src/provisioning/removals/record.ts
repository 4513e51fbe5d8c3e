import type { DoubtReason } from './demand.ts';

/** `status.removals` of a connector. Times are RFC 3339, numbers count people. */
export interface WindowRecord {
  readonly windowStartedAt: string;
  /** Absent while a record that could not be read still counts: the next process must not trust it either. */
  readonly done?: number;
  readonly pending: number;
  readonly limit: number;
  readonly baseline: number;
  readonly deprovisions?: number;
}

/** One of `status.holds` of a connector. */
export interface HoldRecord {
  readonly reason: 'TooManyRemovals' | DoubtReason;
  readonly id: string;
  readonly since: string;
  readonly token: string;
  /** Removals; of a doubted reading, what it lacks. */
  readonly count: number;
  readonly people?: number;
  /** The first twenty. */
  readonly pending?: readonly { readonly who: string; readonly what: string }[];
}

/** What the connector's status carries for the desk from one process to the next. */
export interface RemovalsRecord {
  readonly removals?: WindowRecord;
  readonly holds?: readonly HoldRecord[];
}
