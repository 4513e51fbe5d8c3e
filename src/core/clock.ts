import { setTimeout as delay } from 'node:timers/promises';

/**
 * The source of time for the rest of the code. Everything that waits or compares instants takes a Clock, so that
 * tests control the time and no unit test really sleeps.
 */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. May jump; use it only for times that people and other systems read. */
  now(): number;
  /** Monotonic clock in milliseconds from an arbitrary origin. Never goes back; use it for every duration. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason if it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `callback` once after `ms` milliseconds unless the returned function is called first. */
  schedule(ms: number, callback: () => void): () => void;
}

/** setTimeout overflows above 2^31-1 ms (24.8 days) and then fires at once, so longer waits are capped at this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    try {
      await delay(Math.min(ms, LONGEST_TIMER_MS), undefined, signal ? { signal } : undefined);
    } catch (error) {
      // node:timers rejects with its own AbortError; callers want the reason they gave.
      signal?.throwIfAborted();
      throw error;
    }
  },
  schedule: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Formats an instant as Kubernetes does in `metav1.Time`: RFC 3339, UTC, whole seconds. */
export function formatTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** A source of randomness in [0, 1), injected wherever jitter is drawn. */
export type Random = () => number;

/** Tolerated difference between the clocks of two machines, milliseconds. Above it, their times are not compared. */
export const TOLERATED_SKEW_MS = 60_000;
