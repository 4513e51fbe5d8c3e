import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** Milliseconds after which long work yields, so that pending events (a person's edit, a probe) are handled. */
const LONGEST_TURN_MS = 10;

/** Lets long work yield to the event loop. Work that runs concurrently shares one instance and yields together. */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When the current turn began, monotonic clock. */
  #began = 0;
  #next: Promise<void> | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Yields to the event loop if the current turn has lasted `LONGEST_TURN_MS`. */
  async giveWay(): Promise<void> {
    if (this.#clock.monotonic() - this.#began < LONGEST_TURN_MS) return;
    this.#next ??= this.#begin();
    await this.#next;
  }

  async #begin(): Promise<void> {
    await setImmediate();
    this.#began = this.#clock.monotonic();
    this.#next = null;
  }
}
