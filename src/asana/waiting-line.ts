/** Somebody who waits for a `T`. */
export interface Promised<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A place in a WaitingLine; kept by whoever may want to leave it. */
export interface Waiter<T> extends Promised<T> {
  /** When they came, by the clock of whoever keeps the line. */
  readonly since: number;
  before: Waiter<T> | null;
  after: Waiter<T> | null;
}

/** First come, first served; joining, being served and leaving from anywhere cost O(1). */
export class WaitingLine<T> {
  #first: Waiter<T> | null = null;
  #last: Waiter<T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When whoever came first came; infinite when nobody waits. */
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

  /** Takes out whoever came first; null when nobody waits. */
  shift(): Waiter<T> | null {
    const waiter = this.#first;
    if (waiter) this.remove(waiter);
    return waiter;
  }

  /** Takes `waiter` out. It must stand in this line. */
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
