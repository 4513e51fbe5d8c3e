import { type Clock, systemClock } from '../../src/core/clock.ts';

/** The real clock for real sockets, with every sleep shortened to at most `most`; records the requested durations. */
export class QuickClock implements Clock {
  /** The requested duration of every sleep, in milliseconds. */
  readonly sleeps: number[] = [];
  readonly #most: number;

  constructor(most = 5) {
    this.#most = most;
  }

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  schedule(ms: number, callback: () => void): () => void {
    return systemClock.schedule(ms, callback);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    return systemClock.sleep(Math.min(ms, this.#most), signal);
  }
}
