/** The callbacks of a caller that waits for a `T`. */
export interface Promised<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A place in a WaitingLine; a caller keeps it in order to leave the line early. */
export interface Waiter<T> extends Promised<T> {
  /** When the caller joined, by the clock of the line's owner. */
  readonly since: number;
  before: Waiter<T> | null;
  after: Waiter<T> | null;
}

/** A first-come, first-served queue; joining, being served and leaving from any position take O(1). */
export class WaitingLine<T> {
  #first: Waiter<T> | null = null;
  #last: Waiter<T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When the first waiter joined; infinity if the line is empty. */
  get since(): number {
    return this.#first?.since ?? Number.POSITIVE_INFINITY;
  }

  push(since: number, { resolve, reject }: Promised<T>): Waiter<T> {
    const waiter: Waiter<T> = { since, resolve, reject, before: this.#last, after: null };
    if (this.#last) this.#last.after = waiter;
    else this.#first = waiter;
    this.#last = waiter;
    this.#size += 1;
    return waiter;
  }

  /** Removes and returns the first waiter; `null` if the line is empty. */
  shift(): Waiter<T> | null {
    const waiter = this.#first;
    if (waiter) this.remove(waiter);
    return waiter;
  }

  /** Removes `waiter`, which must be in this line. */
  remove(waiter: Waiter<T>): void {
    if (waiter.before) waiter.before.after = waiter.after;
    else this.#first = waiter.after;
    if (waiter.after) waiter.after.before = waiter.before;
    else this.#last = waiter.before;
    waiter.before = null;
    waiter.after = null;
    this.#size -= 1;
  }
}
