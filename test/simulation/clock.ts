import type { Clock } from '../../src/core/clock.ts';

interface Timer {
  readonly at: number;
  /** Timers that are due at the same time fire in the order in which they were set. */
  readonly order: number;
  ring: (() => void) | null;
}

/** The start of a simulated world, epoch milliseconds. */
export const EPOCH = Date.UTC(2026, 5, 1);

/** More event loop turns than this at one instant mean a loop in which no time passes. */
const MOST_TURNS = 20_000;

/**
 * The only clock of a simulated world. Time stands still until `advance` moves it, and between two timers everything
 * runs that can. The wall clock may jump; the monotonic one never does.
 */
export class SimulatedClock implements Clock {
  #at = 0;
  #jumped = 0;
  #order = 0;
  readonly #timers: Timer[] = [];

  now(): number {
    return EPOCH + this.#at + this.#jumped;
  }

  monotonic(): number {
    return this.#at;
  }

  /** The number of timers that have yet to fire. */
  get pending(): number {
    return this.#timers.filter(({ ring }) => ring !== null).length;
  }

  /** Moves only the wall clock, like setting the clock of a machine. */
  jump(ms: number): void {
    this.#jumped += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  schedule(ms: number, callback: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { at: this.#at + Math.max(0, ms), order: this.#order, ring: callback };
    push(this.#timers, timer);
    return () => {
      timer.ring = null;
    };
  }

  /** Runs everything that can run without time passing. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      await nextTurn();
      if (!process.getActiveResourcesInfo().includes('Immediate')) return;
    }
    throw new Error('the world does not settle: something goes round without time passing');
  }

  /** Lets `ms` milliseconds pass: timers fire in order, and everything that one sets off runs before the next fires. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const until = this.#at + ms;
    for (let next = this.#timers[0]; next && next.at <= until; next = this.#timers[0]) {
      pop(this.#timers);
      if (!next.ring) continue;
      this.#at = Math.max(this.#at, next.at);
      next.ring();
      await this.settle();
    }
    this.#at = until;
  }
}

/** The clock of one process: its timers do not fire once the process is dead. */
export class ProcessClock implements Clock {
  readonly #world: SimulatedClock;
  #dead = false;

  constructor(world: SimulatedClock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now();
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  schedule(ms: number, callback: () => void): () => void {
    return this.#world.schedule(ms, () => {
      if (!this.#dead) callback();
    });
  }

  kill(): void {
    this.#dead = true;
  }
}

function sleepOn(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      cancel();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const cancel = clock.schedule(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Waits for one turn of the event loop; all microtasks have run when it resolves. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Pushes onto a binary heap: an hour of a world sets some ten thousand timers, most of which are cancelled. */
function push(heap: Timer[], timer: Timer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (!above || !isBefore(timer, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left && right && isBefore(right, left)) child += 1;
    const smallest = heap[child];
    if (!smallest || !isBefore(smallest, last)) break;
    heap[index] = smallest;
    index = child;
  }
  heap[index] = last;
}
