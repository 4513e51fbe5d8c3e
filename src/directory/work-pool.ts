/**
 * Processes items as they are added, at most `width` at a time. A failure ends it: queued items are dropped, and
 * `drain` rejects with the failure once all running work has ended.
 */
export class WorkPool<T> {
  readonly #width: number;
  readonly #work: (item: T) => Promise<void>;
  #queue: T[] = [];
  /** Index of the next item in the queue. Shifting each item out would take quadratic time. */
  #next = 0;
  #running = 0;
  #failures: unknown[] = [];
  #drained: (() => void) | null = null;

  constructor(width: number, work: (item: T) => Promise<void>) {
    this.#width = width;
    this.#work = work;
  }

  add(items: readonly T[]): void {
    if (this.#failures.length > 0) return;
    for (const item of items) this.#queue.push(item);
    this.#start();
  }

  /** Drops the items that have not begun. Returns how many. */
  cancel(): number {
    const dropped = this.#queue.length - this.#next;
    this.#queue = [];
    this.#next = 0;
    return dropped;
  }

  /** Resolves once nothing is queued or running. Nothing may be added after the call. */
  async drain(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  #start(): void {
    while (this.#running < this.#width) {
      const item = this.#queue[this.#next];
      if (item === undefined) {
        this.cancel();
        return;
      }
      this.#next += 1;
      this.#running += 1;
      void this.#run(item);
    }
  }

  async #run(item: T): Promise<void> {
    try {
      await this.#work(item);
    } catch (error) {
      this.#failures.push(error);
      this.cancel();
    }
    this.#running -= 1;
    this.#start();
    if (this.#running === 0) this.#drained?.();
  }
}
