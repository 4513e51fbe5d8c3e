import type { Clock, Random } from '../core/clock.ts';
import type { Meter } from '../core/meter.ts';
import type { Key } from './resource.ts';

/** Higher goes first. A person's edit overtakes a resync. */
export const Priority = { resync: 0, change: 10, edit: 20 } as const;

export interface AddOptions {
  /** Default `Priority.change`; of several, the highest counts. */
  readonly priority?: number;
  /** Not before so many milliseconds from now; of several, the soonest counts. */
  readonly afterMs?: number;
}

/** 1 s, 2 s, 4 s … 5 min a key: what fails here is a remote service, not a lock. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;

interface Waiting {
  priority: number;
  /** Order of arrival within a priority. */
  readonly order: number;
}

/**
 * The queue of controller-runtime: keys, not events. A key is in it once; one worker has it at a time; added while
 * it is being worked on, it comes again afterwards; delayed keys come when they are due.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ready = new Heap<Key>((a, b) => this.#precedes(a, b));
  readonly #waiting = new Map<Key, Waiting>();
  readonly #working = new Map<Key, number>();
  /** Added while being worked on, with the priority to come back at. */
  readonly #again = new Map<Key, number>();
  readonly #delayed = new Map<Key, { at: number; priority: number; cancel: () => void }>();
  readonly #failures = new Map<Key, number>();
  readonly #takers: ((key: Key | null) => void)[] = [];
  readonly #idle: (() => void)[] = [];
  readonly #meters;
  #order = 0;
  #closed = false;

  constructor(name: string, deps: { clock: Clock; random: Random; meter: Meter }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    const labels = { name };
    const depth = deps.meter.gauge('workqueue_depth', 'Keys waiting to be worked on.', ['name']);
    const adds = deps.meter.counter('workqueue_adds_total', 'Keys added.', ['name']);
    const longest = deps.meter.gauge(
      'workqueue_longest_running_seconds',
      'Seconds the key longest in work has been there.',
      ['name'],
    );
    const retries = deps.meter.counter('workqueue_retries_total', 'Keys added again after a failure.', [
      'name',
    ]);
    this.#meters = {
      depth: () => depth.set(this.#waiting.size, labels),
      add: () => adds.add(1, labels),
      retry: () => retries.add(1, labels),
      longest: (seconds: number) => longest.set(seconds, labels),
    };
  }

  /** Keys waiting now, delayed ones not counted. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Seconds the key longest in work has been there. */
  longestRunningSeconds(): number {
    const began = Math.min(...this.#working.values());
    return Number.isFinite(began) ? (this.#clock.monotonic() - began) / 1000 : 0;
  }

  /** Brings the gauge of the longest-running key up to date; called before metrics are read. */
  refreshMetrics(): void {
    this.#meters.longest(this.longestRunningSeconds());
  }

  add(key: Key, options: AddOptions = {}): void {
    if (this.#closed) return;
    const { priority = Priority.change, afterMs = 0 } = options;
    if (afterMs > 0) this.#delay(key, priority, afterMs);
    else this.#enqueue(key, priority);
  }

  /** Adds a key that failed, after a backoff that doubles with each failure until it is forgotten. */
  addRateLimited(key: Key, options: { priority?: number; atLeastMs?: number } = {}): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#meters.retry();
    const backoff = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 20), LONGEST_RETRY_MS);
    // Up to a quarter more, so that what failed together does not come back together.
    const afterMs = Math.max(backoff * (1 + this.#random() / 4), options.atLeastMs ?? 0);
    this.add(key, { priority: options.priority ?? Priority.change, afterMs });
    return afterMs;
  }

  /** The key has gone well: the next failure is its first again. */
  forget(key: Key): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; null once the queue is shut. The taker must call `done`. */
  take(): Promise<Key | null> {
    if (this.#closed) return Promise.resolve(null);
    const key = this.#ready.pop();
    if (key !== undefined) return Promise.resolve(this.#begin(key));
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The worker has finished with a key, well or not. */
  done(key: Key): void {
    this.#working.delete(key);
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority !== undefined && !this.#closed) this.#enqueue(key, priority);
    if (this.#working.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Gives out nothing more. What is being worked on goes on; `drained` tells when it has ended. */
  shutDown(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#waiting.clear();
    this.#again.clear();
    for (const give of this.#takers.splice(0)) give(null);
    this.#meters.depth();
  }

  /** Resolves when no key is being worked on. */
  drained(): Promise<void> {
    if (this.#working.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #enqueue(key: Key, priority: number): void {
    const delayed = this.#delayed.get(key);
    if (delayed) {
      delayed.cancel();
      this.#delayed.delete(key);
      priority = Math.max(priority, delayed.priority);
    }
    if (this.#working.has(key)) {
      this.#again.set(key, Math.max(priority, this.#again.get(key) ?? priority));
      return;
    }
    const waiting = this.#waiting.get(key);
    if (waiting) {
      if (priority > waiting.priority) {
        waiting.priority = priority;
        this.#ready.raise(key);
      }
      return;
    }
    this.#meters.add();
    this.#waiting.set(key, { priority, order: this.#order++ });
    const taker = this.#takers.shift();
    if (taker) taker(this.#begin(key));
    else this.#ready.push(key);
    this.#meters.depth();
  }

  #begin(key: Key): Key {
    this.#waiting.delete(key);
    this.#working.set(key, this.#clock.monotonic());
    this.#meters.depth();
    return key;
  }

  #delay(key: Key, priority: number, afterMs: number): void {
    // Waiting already means sooner than any delay.
    if (this.#waiting.has(key)) return;
    const at = this.#clock.monotonic() + afterMs;
    const known = this.#delayed.get(key);
    if (known && known.at <= at) {
      known.priority = Math.max(known.priority, priority);
      return;
    }
    known?.cancel();
    const entry = {
      at,
      priority: Math.max(priority, known?.priority ?? priority),
      cancel: this.#clock.schedule(afterMs, () => {
        this.#delayed.delete(key);
        this.#enqueue(key, entry.priority);
      }),
    };
    this.#delayed.set(key, entry);
  }

  #precedes(a: Key, b: Key): boolean {
    const [x, y] = [this.#waiting.get(a) as Waiting, this.#waiting.get(b) as Waiting];
    return x.priority === y.priority ? x.order < y.order : x.priority > y.priority;
  }
}

/** A binary heap whose items know their place, so that one can be raised. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();
  readonly #precedes: (a: T, b: T) => boolean;

  constructor(precedes: (a: T, b: T) => boolean) {
    this.#precedes = precedes;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#places.set(item, this.#items.length - 1);
    this.raise(item);
  }

  /** Must still be comparable: the caller drops what it knows of the item afterwards. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined) return undefined;
    this.#places.delete(first);
    if (this.#items.length > 0) {
      this.#items[0] = last;
      this.#places.set(last, 0);
      this.#sink(0);
    }
    return first;
  }

  clear(): void {
    this.#items.length = 0;
    this.#places.clear();
  }

  /** Moves an item towards the front after its order has improved. */
  raise(item: T): void {
    let place = this.#places.get(item) ?? 0;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#precedes(item, this.#items[parent] as T)) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(place: number): void {
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const child =
        right < this.#items.length && this.#precedes(this.#items[right] as T, this.#items[left] as T)
          ? right
          : left;
      if (!this.#precedes(this.#items[child] as T, this.#items[place] as T)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#items[a] as T, this.#items[b] as T];
    this.#items[a] = y;
    this.#items[b] = x;
    this.#places.set(y, a);
    this.#places.set(x, b);
  }
}
