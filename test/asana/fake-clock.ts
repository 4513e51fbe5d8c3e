import { type Clock, systemClock } from '../../src/core/clock.ts';

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/** A clock that stands still until `advance` moves it; alarms fire in the order of their times. */
export class FakeClock implements Clock {
  #at = 0;
  #alarms: Alarm[] = [];

  now(): number {
    return 1_800_000_000_000 + this.#at;
  }

  monotonic(): number {
    return this.#at;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = () => {
        cancel();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const cancel = this.schedule(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  schedule(ms: number, callback: () => void): () => void {
    const alarm = { at: this.#at + ms, ring: callback };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** The number of alarms that have not fired and were not cancelled. */
  get pending(): number {
    return this.#alarms.length;
  }

  /** The time of the next alarm; `Infinity` if there is none. */
  get next(): number {
    return Math.min(...this.#alarms.map(({ at }) => at));
  }

  async advance(ms: number): Promise<void> {
    const until = this.#at + ms;
    while (this.next <= until) {
      const alarm = this.#alarms.reduce((first, other) => (other.at < first.at ? other : first));
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
      this.#at = Math.max(this.#at, alarm.at);
      alarm.ring();
      await settle();
    }
    this.#at = until;
    await settle();
  }
}

/** Lets all work that is ready run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Returns the real clock, `factor` times as fast: a Retry-After of a minute takes moments on real sockets. */
export function fastClock(factor: number): Clock {
  const schedule = (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms / factor);
    return () => clearTimeout(timer);
  };
  return {
    now: () => Date.now(),
    monotonic: () => performance.now() * factor,
    schedule,
    // Node's timers may fire a fraction of a millisecond early, which is much at this speed: sleeps again.
    sleep: async (ms, signal) => {
      const until = performance.now() + ms / factor;
      do await systemClock.sleep(Math.max(1, until - performance.now()), signal);
      while (performance.now() < until);
    },
  };
}
