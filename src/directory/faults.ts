import { AsanaError } from '../asana/errors.ts';
import type { CodedError } from '../core/errors.ts';
import type { Shortfall } from './snapshot.ts';

/** The errors that kept one part of a snapshot from being complete. */
export class Faults {
  #first: CodedError | null = null;
  #count = 0;
  #skipped = 0;

  add(error: CodedError): void {
    this.#first ??= error;
    this.#count += 1;
  }

  /** Records items that were not even tried. */
  skip(count: number): void {
    this.#skipped += count;
  }

  isEmpty(): boolean {
    return this.#count === 0 && this.#skipped === 0;
  }

  /** The shortfall of the only failed listing, if it was short and nothing else went wrong. */
  get shortfall(): Shortfall | null {
    if (this.#count !== 1 || this.#skipped > 0) return null;
    return this.#first instanceof AsanaError ? this.#first.shortfall : null;
  }

  /** Returns one or two sentences for a status message; `null` if there were no faults. */
  describe(): string | null {
    if (this.isEmpty()) return null;
    const more = this.#count > 1 ? ` ${this.#count - 1} more failed.` : '';
    const skipped = this.#skipped > 0 ? ` ${this.#skipped} more were not tried.` : '';
    return `${this.#first?.message ?? 'It was stopped.'}${more}${skipped}`;
  }
}

/** Returns `null` if the work succeeds, or the AsanaError it failed with. Rethrows everything else (abort, bug). */
export async function outcomeOf(work: Promise<unknown>): Promise<AsanaError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof AsanaError) return error;
    throw error;
  }
}
