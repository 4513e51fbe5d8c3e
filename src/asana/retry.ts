import type { Random } from '../core/clock.ts';
import type { AsanaError } from './errors.ts';

/**
 * Whether a request may be sent again after it failed, even if its outcome is unknown.
 * - `safe`: reads, and writes that set an absolute value (PATCH `userType`).
 * - `never`: creates, invitations and removals; the caller reads back and decides.
 */
export type Repeatability = 'safe' | 'never';

/**
 * The longest Retry-After that a request waits for, in ms; above it, the caller gets the error and retries later.
 * A sync has nothing else to do. An action or a read would block a worker, and an edit must be observed within 5 s.
 */
export const PATIENCE_MS = { action: 3_000, read: 3_000, sync: 120_000, bulk: 120_000 } as const;

/** The pause if there is no usable Retry-After: Asana's quota window (developers.asana.com, rate limits). */
export const DEFAULT_RETRY_AFTER_MS = 60_000;

/** Upper bound for any Retry-After: a day, so that a broken one does not stop the operator for good. */
const LONGEST_RETRY_AFTER_MS = 24 * 3600_000;

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8000;

/** Attempts in all: 3 retries wait up to 3.5 s, longer than a load balancer takes to drop a dead backend. */
const MOST_ATTEMPTS = 4;

/** More after a 429, which costs Asana nothing: other users of the token may use up the quota again during the wait. */
const MOST_ATTEMPTS_RATE_LIMITED = 6;

export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly repeatability: Repeatability;
  /** The longest Retry-After that the request waits for, milliseconds. */
  readonly patienceMs: number;
  readonly error: AsanaError;
  readonly random: Random;
}

/**
 * Returns the milliseconds to wait before the next attempt, or `null` to give up: exponential backoff with jitter
 * between half of it and all of it, and never less than the Retry-After.
 */
export function retryDelay({
  attempt,
  repeatability,
  patienceMs,
  error,
  random,
}: FailedAttempt): number | null {
  if (repeatability === 'never') return null;
  const limited = error.code === 'RateLimited';
  if (!limited && error.code !== 'AsanaUnavailable' && error.code !== 'MalformedResponse') return null;
  if (attempt >= (limited ? MOST_ATTEMPTS_RATE_LIMITED : MOST_ATTEMPTS)) return null;
  const retryAfter = error.retryAfterMs ?? 0;
  if (retryAfter > patienceMs) return null;
  const backoff = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  return Math.max(retryAfter, backoff * (0.5 + random() / 2));
}

/**
 * Parses a Retry-After header (RFC 9110 §10.2.3: seconds or a date) into milliseconds from `now`, at most a day.
 * Returns `null` if it is absent, negative or of neither form; a date in the past gives 0.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,15}$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_RETRY_AFTER_MS);
  // Accept only IMF-fixdate, which every sender must generate; Date.parse alone would read "-5" as a year.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.min(Math.max(0, date - now), LONGEST_RETRY_AFTER_MS);
}
