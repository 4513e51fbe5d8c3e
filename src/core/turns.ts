import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** After so long, whatever has arrived meanwhile (a person's edit, a probe) is let in. */
const LONGEST_TURN_MS = 10;

/** The turns of the event loop that a long piece of work takes. Pieces that work side by side share one, and take theirs together. */
export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Monotonic clock. */
  #began = 0;
  #next: Promise<void> | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Lets others have their turn if this one has lasted long. */
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
