import { AsanaError } from '../asana/errors.ts';
import type { CodedError } from '../core/errors.ts';
import type { Shortfall } from './snapshot.ts';

/** What kept one part of a snapshot from being whole. */
export class Faults {
  #first: CodedError | null = null;
  #count = 0;
  #skipped = 0;

  add(error: CodedError): void {
    this.#first ??= error;
    this.#count += 1;
  }

  /** Items that were not even tried. */
  skip(count: number): void {
    this.#skipped += count;
  }

  isEmpty(): boolean {
    return this.#count === 0 && this.#skipped === 0;
  }

  /** The shortfall of the one listing that was short, if nothing else went wrong. */
  get shortfall(): Shortfall | null {
    if (this.#count !== 1 || this.#skipped > 0) return null;
    return this.#first instanceof AsanaError ? this.#first.shortfall : null;
  }

  /** One sentence or two for a status message; null when there is nothing to say. */
  describe(): string | null {
    if (this.isEmpty()) return null;
    const more = this.#count > 1 ? ` ${this.#count - 1} more failed.` : '';
    const skipped = this.#skipped > 0 ? ` ${this.#skipped} more were not tried.` : '';
    return `${this.#first?.message ?? 'It was stopped.'}${more}${skipped}`;
  }
}

/** Null when the work succeeds, the AsanaError it failed with otherwise; everything else (abort, bug) is thrown. */
export async function outcomeOf(work: Promise<unknown>): Promise<AsanaError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof AsanaError) return error;
    throw error;
  }
}
