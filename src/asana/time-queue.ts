/** A queue of instants that only grow: O(1) at both ends, memory bounded by what is in it. */
export class TimeQueue {
  #times: number[] = [];
  #head = 0;

  get size(): number {
    return this.#times.length - this.#head;
  }

  push(at: number): void {
    this.#times.push(at);
  }

  /** The first instant; infinite when there is none. */
  oldest(): number {
    return this.#times[this.#head] ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets every instant up to and including `at`. */
  dropUntil(at: number): void {
    while (this.oldest() <= at) this.#head += 1;
    // Half of the array is dead: moving the rest costs no more than what was dropped, so O(1) amortized.
    if (this.#head > 64 && this.#head * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }
}
