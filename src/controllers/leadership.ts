/** The state of the leader lease, as checked before every action. */
export interface Leadership {
  readonly leads: boolean;
  readonly leadingForMs: number;
  /** True if another process led, or may have led, before this one. */
  readonly takenOver: boolean;
  /** Epoch milliseconds until which an uninstall stops all actions; `null` if actions are not stopped. */
  readonly stoppedUntil: number | null;
}

/**
 * Returns how long, in ms, a new leader must still make no removals and keep the lease, so that the last action of the
 * previous leader has timed out; 0 or less if there is nothing to wait for.
 */
export function settlingMs(
  { takenOver, leadingForMs }: Pick<Leadership, 'takenOver' | 'leadingForMs'>,
  actionTimeoutMs: number,
): number {
  return takenOver ? actionTimeoutMs - leadingForMs : 0;
}
