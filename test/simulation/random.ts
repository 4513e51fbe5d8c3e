import type { Random } from '../../src/core/clock.ts';
import { seededRandom } from '../../src/sandbox/gids.ts';

/** Randomness of one purpose: what is drawn for one never shifts what is drawn for another. */
export function stream(seed: number, purpose: string): Random {
  let mixed = seed >>> 0;
  for (const character of purpose)
    mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return seededRandom(mixed);
}

/** A whole number from `low` to `high`, both included. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** One of `choices`; there must be one. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new RangeError('there is nothing to choose from');
  return chosen;
}

/** Whether something of this probability happens. */
export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

/** Ids in the form of a UUID, the same ones for the same source. */
export function uuids(random: Random): () => string {
  const hex = (digits: number) =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(6)}${hex(6)}`;
}
