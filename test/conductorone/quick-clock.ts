import { type Clock, systemClock } from '../../src/core/clock.ts';

/** The real clock with short sleeps, for real sockets: no sleep takes longer than `most`, and what was asked for is kept. */
export class QuickClock implements Clock {
  /** Milliseconds of every sleep asked for. */
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
