import type { Clock, Random } from '../core/clock.ts';
import type { Meter } from '../core/meter.ts';
import { ReadyKeys, type Shares } from './ready-keys.ts';
import type { Key } from './resource.ts';

/** Higher values go first. A user's edit overtakes a resync. */
export const Priority = { resync: 0, change: 10, edit: 20 } as const;

export interface AddOptions {
  /** Default `Priority.change`. The highest of several adds counts. */
  readonly priority?: number;
  /** Delay in milliseconds. The earliest of several adds counts. */
  readonly afterMs?: number;
}

/** How long a failed key waits: `firstMs`, doubled with each consecutive failure, at most `longestMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** 1 s, 2 s, 4 s … 5 min: failures here come from a remote service, not from a lock. */
const FAILURE_BACKOFF: Backoff = { firstMs: 1_000, longestMs: 300_000 };

export interface RetryOptions {
  readonly backoff?: Backoff;
  /** Minimum delay, as the remote side asked for. */
  readonly atLeastMs?: number;
}

interface WorkQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: Meter;
  /** By default no group is limited. */
  readonly shares?: Shares | undefined;
}

interface Work {
  readonly begunAt: number;
  readonly priority: number;
  readonly group: string | null;
}

interface Waiting {
  priority: number;
  /** Order of arrival within a priority. */
  readonly order: number;
}

/**
 * A queue of keys, not events, like controller-runtime's. A key is queued once and processed by one worker at a time. A
 * key that is added while it is being processed is queued again afterwards. Delayed keys are queued when they are due.
 *
 * Namespaces take turns, so ten thousand objects of one do not delay the single object of another. Priorities count
 * within a namespace. Of the keys that wait for the same external service, only its share is in work (`ReadyKeys`).
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ready: ReadyKeys;
  readonly #waiting = new Map<Key, Waiting>();
  readonly #working = new Map<Key, Work>();
  /** Keys added while being processed, with the priority to queue them again at. */
  readonly #again = new Map<Key, number>();
  readonly #delayed = new Map<Key, { at: number; priority: number; cancel: () => void }>();
  readonly #failures = new Map<Key, number>();
  readonly #takers: ((key: Key | null) => void)[] = [];
  readonly #meters;
  #order = 0;
  #closed = false;

  constructor(name: string, deps: WorkQueueDeps) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    const { shares = { groupOf: () => null, most: Number.POSITIVE_INFINITY } } = deps;
    this.#ready = new ReadyKeys((a, b) => this.#precedes(a, b), shares);
    const labels = { name };
    const depth = deps.meter.gauge('workqueue_depth', 'Keys waiting in the queue.', ['name']);
    const adds = deps.meter.counter('workqueue_adds_total', 'Keys added.', ['name']);
    const longest = deps.meter.gauge(
      'workqueue_longest_running_seconds',
      'Seconds that the longest running key has been processed.',
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

  /** Keys waiting now, without delayed ones. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Returns how long, in seconds, the longest-running key has been processed. */
  longestRunningSeconds(): number {
    let began = Number.POSITIVE_INFINITY;
    for (const { begunAt } of this.#working.values()) began = Math.min(began, begunAt);
    return Number.isFinite(began) ? (this.#clock.monotonic() - began) / 1000 : 0;
  }

  /** Updates the gauge of the longest-running key; called before metrics are read. */
  refreshMetrics(): void {
    this.#meters.longest(this.longestRunningSeconds());
  }

  /** The keys being processed. */
  get working(): Key[] {
    return [...this.#working.keys()];
  }

  add(key: Key, options: AddOptions = {}): void {
    if (this.#closed) return;
    const { priority = Priority.change, afterMs = 0 } = options;
    if (afterMs > 0) this.#delay(key, priority, afterMs);
    else this.#enqueue(key, priority);
  }

  /**
   * Adds a failed key again, after a backoff that doubles with each failure until the key is forgotten. The key keeps
   * its current priority: a user's edit that fails in an outage still has the priority of an edit. Returns the delay in
   * milliseconds.
   */
  addRateLimited(key: Key, { backoff = FAILURE_BACKOFF, atLeastMs = 0 }: RetryOptions = {}): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#meters.retry();
    const waitMs = Math.min(backoff.firstMs * 2 ** Math.min(failures, 30), backoff.longestMs);
    // Up to 25 % longer, so that keys that failed together, or were given the same time, do not return together.
    const afterMs = Math.max(waitMs, atLeastMs) * (1 + this.#random() / 4);
    this.add(key, { priority: this.#working.get(key)?.priority ?? Priority.change, afterMs });
    return afterMs;
  }

  /** Resets the backoff of a key that succeeded. */
  forget(key: Key): void {
    this.#failures.delete(key);
  }

  /** Returns the next key once there is one, `null` once the queue is shut. The caller must call `done`. */
  take(): Promise<Key | null> {
    if (this.#closed) return Promise.resolve(null);
    const key = this.#ready.next();
    if (key !== undefined) return Promise.resolve(this.#begin(key));
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Records that the worker has finished with a key, successfully or not. */
  done(key: Key): void {
    this.#ready.end(this.#working.get(key)?.group ?? null);
    this.#working.delete(key);
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority !== undefined && !this.#closed) this.#enqueue(key, priority);
    this.#serve();
  }

  /** Hands out no more keys. Keys being processed continue. */
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
      this.#raise(key, waiting, priority);
      return;
    }
    this.#meters.add();
    this.#waiting.set(key, { priority, order: this.#order++ });
    this.#ready.push(key);
    this.#serve();
    this.#meters.depth();
  }

  /** Hands ready keys to waiting workers. */
  #serve(): void {
    while (this.#takers.length > 0) {
      const key = this.#ready.next();
      if (key === undefined) return;
      this.#takers.shift()?.(this.#begin(key));
    }
  }

  #raise(key: Key, waiting: Waiting, priority: number): void {
    if (priority <= waiting.priority) return;
    waiting.priority = priority;
    this.#ready.raise(key);
  }

  #begin(key: Key): Key {
    const priority = this.#waiting.get(key)?.priority ?? Priority.change;
    this.#waiting.delete(key);
    const group = this.#ready.begin(key);
    this.#working.set(key, { begunAt: this.#clock.monotonic(), priority, group });
    this.#meters.depth();
    return key;
  }

  #delay(key: Key, priority: number, afterMs: number): void {
    // A waiting key is due sooner than any delay.
    const waiting = this.#waiting.get(key);
    if (waiting) {
      this.#raise(key, waiting, priority);
      return;
    }
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
