/** A queue of instants in ascending order: O(1) at both ends, memory proportional to its size. */
export class TimeQueue {
  #times: number[] = [];
  #head = 0;

  get size(): number {
    return this.#times.length - this.#head;
  }

  push(at: number): void {
    this.#times.push(at);
  }

  /** Returns the first instant; infinity if the queue is empty. */
  oldest(): number {
    return this.#times[this.#head] ?? Number.POSITIVE_INFINITY;
  }

  /** Removes every instant up to and including `at`. */
  dropUntil(at: number): void {
    while (this.oldest() <= at) this.#head += 1;
    // More than half of the array is unused: copying the rest costs no more than was dropped, so O(1) amortized.
    if (this.#head > 64 && this.#head * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }
}
