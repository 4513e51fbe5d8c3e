/** The lease, as those who act must ask it. */
export interface Leadership {
  readonly leads: boolean;
  readonly leadingForMs: number;
  /** Another process led before. */
  readonly takenOver: boolean;
  /** Until when nobody acts, epoch milliseconds, since the release is being uninstalled; null: nothing is stopped. */
  readonly stoppedUntil: number | null;
}

/**
 * How long a new leader removes nothing, and does not let go of the lease, in ms: until the last action of the one
 * before it has had its time.
 */
export function settlingMs(
  { takenOver, leadingForMs }: Pick<Leadership, 'takenOver' | 'leadingForMs'>,
  actionTimeoutMs: number,
): number {
  return takenOver ? actionTimeoutMs - leadingForMs : 0;
}
