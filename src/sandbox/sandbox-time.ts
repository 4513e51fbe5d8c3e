import type { Clock } from '../core/clock.ts';

/** The wall clock of the simulated Asana: the machine's, shifted by a skew that tests set. */
export class SandboxTime {
  readonly #clock: Pick<Clock, 'now'>;
  skewMs = 0;
  #second = Number.NaN;
  #text = '';

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.skewMs;
  }

  /** Returns the time as in the `Date` header (RFC 9110 §5.6.7), formatted once a second. */
  httpDate(): string {
    const now = this.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(now).toUTCString();
    }
    return this.#text;
  }
}
