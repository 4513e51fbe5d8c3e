export interface RemovalClock {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Monotonic milliseconds. */
  readonly monotonic: number;
}

export interface DelayedRemoval {
  /** Epoch milliseconds of the deletion, of the expiry, or of when the removal was first wanted. */
  readonly since: number;
  readonly delayMs: number;
  /** Monotonic clock when this process first saw the removal; `null` if an earlier process saw it first. */
  readonly firstSeen: number | null;
}

/**
 * Returns when a removal may be carried out: its delay after `since` by the wall clock and, so that a jump of that
 * clock removes nobody early, its delay after this process first saw it by the monotonic clock.
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
