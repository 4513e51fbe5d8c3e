export interface RemovalClock {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Monotonic milliseconds. */
  readonly monotonic: number;
}

export interface DelayedRemoval {
  /** Deletion, expiry, or when the generation was first seen; epoch milliseconds. */
  readonly since: number;
  readonly delayMs: number;
  /** The monotonic clock when this process first saw it; null when a process before this one did. */
  readonly firstSeen: number | null;
}

/**
 * When a removal may be carried out: its delay after `since` by the wall clock and, so that a
 * jump of that clock removes nobody early, its delay after this process first saw it by the monotonic one.
 * @returns `notBefore` in epoch milliseconds for the status, and `waitMs`, 0 once it is due
 */
export function removalDue(
  removal: DelayedRemoval,
  { now, monotonic }: RemovalClock,
): { notBefore: number; waitMs: number } {
  const notBefore = removal.since + removal.delayMs;
  const byMonotonic = removal.firstSeen === null ? 0 : removal.firstSeen + removal.delayMs - monotonic;
  return { notBefore, waitMs: Math.max(0, notBefore - now, byMonotonic) };
}
