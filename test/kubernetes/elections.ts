import { settlingMs } from '../../src/controllers/leadership.ts';
import type { Clock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { LeaderElection } from '../../src/kubernetes/leader-election.ts';
import type { FakeClock } from '../asana/fake-clock.ts';

export const LEASE_MS = 15_000;
export const RENEW_MS = 10_000;
export const RETRY_MS = 2_000;
/** How long the last action of a holder may still be in progress. */
export const ACTION_MS = 60_000;

/** Returns the clock with a sleep that rejects at once if its signal is already aborted, like the system clock's. */
export function prompt(clock: FakeClock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    schedule: (ms, callback) => clock.schedule(ms, callback),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await clock.sleep(ms, signal);
    },
  };
}

/** Returns a candidate for the lease `ns/lease`, with client-go's durations. */
export function election(client: KubernetesClient, clock: Clock, identity: string): LeaderElection {
  return new LeaderElection({
    client,
    namespace: 'ns',
    name: 'lease',
    identity,
    leaseDurationMs: LEASE_MS,
    renewDeadlineMs: RENEW_MS,
    retryPeriodMs: RETRY_MS,
    settlingMs: (candidate) => settlingMs(candidate, ACTION_MS),
    stopAnnotation: 'stopped-until',
    clock,
    random: () => 0.5,
    log: silentLogger,
    meter: silentMeter,
  });
}
