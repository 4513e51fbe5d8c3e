import type { Random } from '../../src/core/clock.ts';
import { chance, pick } from '../simulation/random.ts';
import type { Coverage } from './coverage.ts';
import { mutate } from './mutation.ts';
import { readOrRefuse, type Target } from './targets.ts';

/** A document that a target handled badly. */
export interface Finding {
  readonly target: string;
  readonly document: unknown;
  readonly error: unknown;
}

/** The maximum time of a decoder for any document; a page of a hundred records takes a millisecond. */
const LONGEST_MS = 1_000;
const LARGEST_CHARACTERS = 20_000;

/** Feeds a target with mutated documents, and keeps those that reach new code. */
export class Fuzzer {
  readonly #target: Target;
  readonly #coverage: Coverage;
  readonly #random: Random;
  readonly corpus: unknown[];
  /** Documents that reached new code. */
  readonly found: unknown[] = [];
  tried = 0;

  constructor(target: Target, corpus: readonly unknown[], coverage: Coverage, random: Random) {
    this.#target = target;
    this.#coverage = coverage;
    this.#random = random;
    this.corpus = [...target.seeds, ...corpus];
  }

  /** Feeds the known documents, so that only new coverage counts afterwards. */
  async begin(): Promise<Finding | null> {
    for (const document of this.corpus) {
      const finding = await this.#try(document);
      if (finding) return finding;
    }
    this.#coverage.takeNew();
    return null;
  }

  /** Tries so many mutated documents; stops at the first finding. */
  async run(documents: number): Promise<Finding | null> {
    for (let count = 0; count < documents; count += 1) {
      const base = pick(this.#random, this.corpus);
      const donor = chance(this.#random, 0.5) ? pick(this.#random, this.corpus) : null;
      const document = mutate(base, donor, this.#random);
      if ((JSON.stringify(document) ?? '').length > LARGEST_CHARACTERS) continue;
      const finding = await this.#try(document);
      if (finding) return finding;
      if (this.#coverage.takeNew() === 0) continue;
      this.corpus.push(document);
      this.found.push(document);
    }
    return null;
  }

  async #try(document: unknown): Promise<Finding | null> {
    this.tried += 1;
    const began = performance.now();
    const before = JSON.stringify(document);
    try {
      await readOrRefuse(this.#target, document);
    } catch (error) {
      return { target: this.#target.name, document, error };
    }
    const ms = performance.now() - began;
    const spoilt = JSON.stringify(document) !== before ? 'the document was changed' : null;
    const slow = ms > LONGEST_MS ? `it took ${ms.toFixed(0)} ms` : null;
    const error = spoilt ?? slow;
    return error === null ? null : { target: this.#target.name, document, error };
  }
}
