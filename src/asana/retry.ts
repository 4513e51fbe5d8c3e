import type { Random } from '../core/clock.ts';
import type { AsanaError } from './errors.ts';

/**
 * Whether a request may be sent again after it failed with an unknown or known outcome.
 * - `safe`: reads, and writes that set an absolute value (PATCH `userType`).
 * - `never`: creates, invitations and removals; whoever asked reads back and decides.
 */
export type Repeatability = 'safe' | 'never';

/**
 * A Retry-After above this is not waited for: the error goes to the caller, who comes back later. A sync has nothing else to
 * do; an action or a read holds up somebody who could do other work meanwhile, and an edit has to be observed within 5 s.
 */
export const PATIENCE_MS = { action: 3_000, read: 3_000, sync: 120_000, bulk: 120_000 } as const;

/** Without a usable Retry-After: the length of Asana's quota window (developers.asana.com, rate limits). */
export const DEFAULT_RETRY_AFTER_MS = 60_000;

/** Whatever a Retry-After asks for, nothing is stopped for longer. */
const LONGEST_RETRY_AFTER_MS = 3600_000;

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8000;

/** Attempts in all: 3 retries wait some 3.5 s, longer than a load balancer takes to drop a dead backend. */
const MOST_ATTEMPTS = 4;

/** A rejected request cost Asana nothing and was waited for; other users of the token may take the quota again. */
const MOST_ATTEMPTS_RATE_LIMITED = 6;

export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly repeatability: Repeatability;
  /** The longest Retry-After that is waited for, milliseconds. */
  readonly patienceMs: number;
  readonly error: AsanaError;
  readonly random: Random;
}

/**
 * How long to wait before the request is sent again, in milliseconds; null to give up. Exponential with
 * jitter between half and all of it, and never before the Retry-After.
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
 * A Retry-After header (RFC 9110 §10.2.3: seconds or a date) in milliseconds from `now`; null when it is
 * absent, negative or neither form. Never above an hour.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,15}$/.test(text)) return Math.min(Number(text) * 1000, LONGEST_RETRY_AFTER_MS);
  // Only the form every sender must generate (IMF-fixdate); Date.parse alone would take "-5" for a year.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.min(Math.max(0, date - now), LONGEST_RETRY_AFTER_MS);
}
