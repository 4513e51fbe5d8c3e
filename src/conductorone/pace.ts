import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Random } from '../core/clock.ts';

const LONGEST_POLL_MS = 300_000;
const SHORTEST_HEARTBEAT_MS = 1000;
const LONGEST_HEARTBEAT_MS = 300_000;
const DEFAULT_HEARTBEAT_MS = 30_000;
const FIRST_HELLO_MS = 1000;
const LONGEST_HELLO_MS = 300_000;
const LONGEST_POLL_BACKOFF_MS = 60_000;
/** Upper limit for a Retry-After, so that the connector is back soon after the server is repaired. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** Wait after an answer without work whose `next_poll` is 0, so that polls do not follow each other at once. */
const IDLE_MS = 1000;

/**
 * Returns the wait before the next GetTask in milliseconds: the server's `next_poll`, clamped to 0 to 5 minutes as in
 * the Go SDK. If that is 0 and the answer brought no new task, the wait is one second.
 */
export function pollDelay(nextPoll: Duration | undefined, broughtWork: boolean): number {
  const wished = clamp(milliseconds(nextPoll), 0, LONGEST_POLL_MS);
  return wished === 0 && !broughtWork ? IDLE_MS : wished;
}

/** Returns the wait before the next heartbeat: the server's, clamped to 1 s to 5 minutes; 30 s if it gives none. */
export function heartbeatDelay(nextHeartbeat: Duration | undefined): number {
  const wished = milliseconds(nextHeartbeat);
  return wished === 0 ? DEFAULT_HEARTBEAT_MS : clamp(wished, SHORTEST_HEARTBEAT_MS, LONGEST_HEARTBEAT_MS);
}

export interface Failures {
  /** Failures in a row, this one included; 1 for the first. */
  readonly count: number;
  readonly retryAfterMs: number | undefined;
  readonly random: Random;
}

/** Returns the wait before the next Hello: 1 s, doubling up to 5 minutes. */
export function helloBackoff(failures: Failures): number {
  return backoff(Math.min(FIRST_HELLO_MS * 2 ** (failures.count - 1), LONGEST_HELLO_MS), failures);
}

/** Returns the wait before the next GetTask: n² seconds after n failures, at most a minute. */
export function pollBackoff(failures: Failures): number {
  return backoff(Math.min(failures.count ** 2 * 1000, LONGEST_POLL_BACKOFF_MS), failures);
}

/** Randomizes a fifth of the wait, so that the connectors of one tenant do not all come back at once. */
function backoff(ms: number, { retryAfterMs = 0, random }: Failures): number {
  return Math.max(ms * (0.8 + 0.2 * random()), Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS));
}

function milliseconds(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1000 + duration.nanos / 1e6 : 0;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
