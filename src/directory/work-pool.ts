/**
 * Works through items that come in while it is already at it, at most `width` at a time. A failure ends it:
 * what is queued is dropped, and `drain` rejects with it once everything begun has ended.
 */
export class WorkPool<T> {
  readonly #width: number;
  readonly #work: (item: T) => Promise<void>;
  #queue: T[] = [];
  /** Where the next in the queue is: to shift each out would take the square of the time. */
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

  /** Drops what has not begun; returns how many that were. */
  cancel(): number {
    const dropped = this.#queue.length - this.#next;
    this.#queue = [];
    this.#next = 0;
    return dropped;
  }

  /** Resolves when nothing is queued or running. Nothing may be added after it was called. */
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
