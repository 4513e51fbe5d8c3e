import { InvalidInputError } from '../core/errors.ts';

/** client-go's JitterFactor. Here, a retry to acquire the lease waits between 1 and 1.2 retry periods. */
export const JITTER = 1.2;

/** How long a lease is valid, how long its holder tries to renew it, and how often. */
export interface ElectionPeriods {
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** @throws InvalidInputError for periods that allow two leaders, leave no time for a second try, or never pause */
export function checkPeriods({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: ElectionPeriods): void {
  if (leaseDurationMs <= renewDeadlineMs) {
    throw new InvalidInputError(
      '--leader-election-lease-duration',
      'must be longer than --leader-election-renew-deadline',
    );
  }
  if (renewDeadlineMs <= retryPeriodMs * JITTER) {
    throw new InvalidInputError(
      '--leader-election-renew-deadline',
      `must be longer than ${JITTER} times --leader-election-retry-period`,
    );
  }
  if (retryPeriodMs <= 0)
    throw new InvalidInputError('--leader-election-retry-period', 'must be longer than 0s');
}
