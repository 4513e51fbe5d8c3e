import type { Random } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/sandbox/gids.ts';

/** Returns a random stream for one purpose; draws for one purpose never shift those for another. */
export function stream(seed: number, purpose: string): Random {
  let mixed = seed >>> 0;
  for (const character of purpose)
    mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return seededRandom(mixed);
}

/** Draws a whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** Draws one of `choices`, which must not be empty. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new RangeError('there is nothing to choose from');
  return chosen;
}

/** Draws whether an event of this probability happens. */
export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

/** Returns a generator of ids in the form of a UUID, the same ones for the same random source. */
export function uuids(random: Random): () => string {
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
}
