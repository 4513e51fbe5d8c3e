import type { Random } from '../core/clock.ts';

/** Generates increasing gids with random gaps, like Asana's. */
export class GidSequence {
  #last: bigint;
  readonly #random: Random;

  constructor(first: bigint, random: Random) {
    this.#last = first;
    this.#random = random;
  }

  next(): string {
    this.#last += BigInt(1 + Math.floor(this.#random() * 4096));
    return this.#last.toString();
  }
}

/** Returns a small deterministic generator (mulberry32): the same seed gives the same directory on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
