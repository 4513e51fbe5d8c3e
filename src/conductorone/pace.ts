import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Random } from '../core/clock.ts';

const LONGEST_POLL_MS = 300_000;
const SHORTEST_HEARTBEAT_MS = 1000;
const LONGEST_HEARTBEAT_MS = 300_000;
const DEFAULT_HEARTBEAT_MS = 30_000;
const FIRST_HELLO_MS = 1000;
const LONGEST_HELLO_MS = 300_000;
const LONGEST_POLL_BACKOFF_MS = 60_000;
/** A Retry-After is kept up to here: whoever repairs the other end need not wait an hour for us. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** An answer without work must not lead to the next question at once, whatever `next_poll` it comes with. */
const IDLE_MS = 1000;

/**
 * How long to wait before the next GetTask: the server's `next_poll` between nothing and five minutes, as the Go SDK
 * clamps it. An answer that brought no new task is followed by a second at least if it asks for no wait.
 */
export function pollDelay(nextPoll: Duration | undefined, broughtWork: boolean): number {
  const wished = clamp(milliseconds(nextPoll), 0, LONGEST_POLL_MS);
  return wished === 0 && !broughtWork ? IDLE_MS : wished;
}

/** How long to wait before the next heartbeat: 30 s where nothing is said, else between a second and five minutes. */
export function heartbeatDelay(nextHeartbeat: Duration | undefined): number {
  const wished = milliseconds(nextHeartbeat);
  return wished === 0 ? DEFAULT_HEARTBEAT_MS : clamp(wished, SHORTEST_HEARTBEAT_MS, LONGEST_HEARTBEAT_MS);
}

export interface Failures {
  /** In a row, this one included; 1 for the first. */
  readonly count: number;
  readonly retryAfterMs: number | undefined;
  readonly random: Random;
}

/** Before the next Hello: a second, doubling to five minutes. */
export function helloBackoff(failures: Failures): number {
  return backoff(Math.min(FIRST_HELLO_MS * 2 ** (failures.count - 1), LONGEST_HELLO_MS), failures);
}

/** Before the next GetTask: n² seconds, a minute at most. */
export function pollBackoff(failures: Failures): number {
  return backoff(Math.min(failures.count ** 2 * 1000, LONGEST_POLL_BACKOFF_MS), failures);
}

/** A fifth of it by chance, so that the connectors of one tenant do not come back all at once. */
function backoff(ms: number, { retryAfterMs = 0, random }: Failures): number {
  return Math.max(ms * (0.8 + 0.2 * random()), Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS));
}

function milliseconds(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1000 + duration.nanos / 1e6 : 0;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
