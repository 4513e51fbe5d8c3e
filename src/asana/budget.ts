import type { Clock } from '../core/clock.ts';
import type { Counter, Gauge, Labels, Meter } from '../core/meter.ts';
import { AsanaError } from './errors.ts';
import { isSyncRead, type Lane, makeLanes, OverdueTurns, type Priority, type RequestKind } from './lanes.ts';
import { PATIENCE_MS } from './retry.ts';
import { TimeQueue } from './time-queue.ts';
import type { Waiter } from './waiting-line.ts';

/** Asana's window is one minute (developers.asana.com, rate limits), plus 50 ms for differences between clocks. */
const WINDOW_MS = 60_000 + 50;

/** Asana's limits for concurrent requests of one token (same page). */
const IN_FLIGHT = { read: 50, write: 15 } as const;

/** Syncs leave two of the fifty reads to others, so that listings that hang cannot block an edit. */
export const SYNC_READS_IN_FLIGHT = IN_FLIGHT.read - 2;

/**
 * Share of the window reserved from syncs; half of it is reserved from fresh reads too. A sync of R requests that
 * uses 90 % of a window of N still ends within 60⌊R/0.9N⌋ s, below 1.15 × 60R/N s for every R.
 */
const RESERVE = 0.1;

export interface BudgetLimits {
  /** Requests per minute that Asana allows the token: 1,500 on paid plans, 150 on free ones; 0 means no limit. */
  readonly requestsPerMinute: number;
  /** The share of it that may be used, in percent, 1 to 100. */
  readonly percent: number;
}

/** Permission to send one request. Exactly one `release` ends it. */
export interface Permit {
  /** Ends the permit: the response has arrived, or the request was abandoned. */
  release(): void;
  /** Whether Asana has asked for a pause since this permit was granted; a request not sent yet must acquire another. */
  isOvertaken(): boolean;
  /** Reports a 429: no request is sent for `retryAfterMs`. `release` must still follow. */
  rejected(retryAfterMs: number): void;
}

export interface BudgetDeps {
  readonly clock: Clock;
  readonly meter: Meter;
}

/**
 * The request allowance of one token (docs/architecture.md, "The budget"). A request takes a place when it is
 * admitted and frees it 60 s after its response arrived. Asana counts the request at some moment before the
 * response, so every request that Asana counts within any 60 s still holds its place at the end of them: no window
 * can contain more requests than there are places.
 *
 * Nothing polls: there is one line of waiters for each priority and kind, which moves when a request ends, when the
 * oldest place is freed, or when a Retry-After has passed. Every step takes O(1).
 */
export class Budget {
  readonly #clock: Clock;
  readonly #places: number;
  readonly #placesOf: Readonly<Record<Priority, number>>;
  readonly #lanes: readonly Lane<Permit>[] = makeLanes<Permit>();
  readonly #inFlight: Record<RequestKind, number> = { read: 0, write: 0 };
  #syncReadsInFlight = 0;
  readonly #turns = new OverdueTurns();
  /** When the places that are still blocked for their 60 s were vacated, oldest first. */
  readonly #vacated = new TimeQueue();
  #waiting = 0;
  #blockedUntil = Number.NEGATIVE_INFINITY;
  /** Limit of requests in flight after a 429: starts at one, plus one per response, to avoid another burst of 429s. */
  #ramp = Number.POSITIVE_INFINITY;
  #epoch = 0;
  #cancelTimer: (() => void) | null = null;
  #throttledSince: number | null = null;
  readonly #meter: Meter;
  readonly #available: Gauge;
  readonly #throttled: Counter;
  readonly #labels: Labels;

  /** @param name identifies the budget in metrics; never a token */
  constructor(limits: BudgetLimits, deps: BudgetDeps, name = '') {
    const { requestsPerMinute, percent } = limits;
    this.#clock = deps.clock;
    this.#places =
      requestsPerMinute === 0
        ? Number.POSITIVE_INFINITY
        : Math.max(1, Math.floor((requestsPerMinute * percent) / 100));
    const reserve = Number.isFinite(this.#places) ? Math.floor(this.#places * RESERVE) : 0;
    this.#placesOf = {
      action: this.#places,
      read: this.#places - Math.floor(reserve / 2),
      sync: this.#places - reserve,
      bulk: this.#places - reserve,
    };
    this.#labels = { budget: name };
    this.#meter = deps.meter;
    this.#available = deps.meter.gauge('asana_budget_available', 'Requests left in the current minute.', [
      'budget',
    ]);
    this.#throttled = deps.meter.counter(
      'asana_throttled_seconds_total',
      'Seconds in which requests waited for the budget or for a Retry-After of Asana.',
      ['budget'],
    );
    this.#throttled.add(0, this.#labels);
    this.refresh();
  }

  /**
   * Waits until the request may be sent. Rejects with the signal's reason if it aborts first, and with
   * `RateLimited` if Asana has asked for a longer wait than `PATIENCE_MS` of the priority.
   */
  acquire(kind: RequestKind, priority: Priority, signal?: AbortSignal): Promise<Permit> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const blockedFor = this.#blockedUntil - this.#clock.monotonic();
      if (blockedFor > PATIENCE_MS[priority]) throw tooLong(blockedFor);
      const lane = this.#laneOf(kind, priority);
      const stopListening = () => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter<Permit> = lane.line.push(this.#clock.monotonic(), {
        resolve: (permit) => {
          stopListening();
          resolve(permit);
        },
        reject: (error) => {
          stopListening();
          reject(error);
        },
      });
      const onAbort = () => {
        lane.line.remove(waiter);
        this.#waiting -= 1;
        stopListening();
        reject(signal?.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError'));
        this.#admit();
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiting += 1;
      this.#admit();
    });
  }

  /** Returns how many requests the window has room for: infinity without a limit, 0 during a pause after a 429. */
  available(): number {
    const now = this.#clock.monotonic();
    if (now < this.#blockedUntil) return 0;
    this.#vacated.dropUntil(now - WINDOW_MS);
    return Math.max(0, this.#places - this.#occupied());
  }

  /** Whether the budget holds nothing back, so that it can be discarded without admitting extra requests. */
  isIdle(): boolean {
    return this.#waiting === 0 && this.available() === this.#places;
  }

  /** Updates the metrics: places become free, and time passes, without an event. */
  refresh(): void {
    this.#countThrottling(this.#throttledSince !== null, this.#clock.monotonic());
    this.#available.set(this.available(), this.#labels);
  }

  /** Removes the budget from the metrics. */
  retire(): void {
    this.#meter.forget(this.#labels);
  }

  #laneOf(kind: RequestKind, priority: Priority): Lane<Permit> {
    const lane = this.#lanes.find((candidate) => candidate.kind === kind && candidate.priority === priority);
    if (!lane) throw new RangeError(`no line for ${priority} ${kind}`);
    return lane;
  }

  #occupied(): number {
    return this.#inFlight.read + this.#inFlight.write + this.#vacated.size;
  }

  /** Admits every waiter that may go now, and sets the single timer for the next one. */
  #admit(): void {
    const now = this.#clock.monotonic();
    this.#vacated.dropUntil(now - WINDOW_MS);
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const blocked = now < this.#blockedUntil;
    let held = blocked && this.#waiting > 0;
    if (!blocked) {
      for (let lane = this.#next(now); lane; lane = this.#next(now)) this.#send(lane);
      held = this.#lanes.some((lane) => lane.line.size > 0 && !this.#hasPlace(lane));
    }
    this.#countThrottling(held, now);
    if (held) this.#wakeAt(blocked ? this.#blockedUntil : this.#vacated.oldest() + WINDOW_MS, now);
    this.refresh();
  }

  #next(now: number): Lane<Permit> | null {
    const mayFly = (lane: Lane<Permit>) => this.#mayFly(lane);
    if (this.#occupied() >= this.#places) return null;
    const overdue = this.#turns.take(this.#lanes, mayFly, now);
    return (
      overdue ??
      this.#lanes.find((lane) => lane.line.size > 0 && this.#hasPlace(lane) && mayFly(lane)) ??
      null
    );
  }

  #hasPlace({ priority }: Lane<Permit>): boolean {
    return this.#occupied() < this.#placesOf[priority];
  }

  #mayFly(lane: Lane<Permit>): boolean {
    if (isSyncRead(lane) && this.#syncReadsInFlight >= SYNC_READS_IN_FLIGHT) return false;
    return (
      this.#inFlight[lane.kind] < IN_FLIGHT[lane.kind] &&
      this.#inFlight.read + this.#inFlight.write < this.#ramp
    );
  }

  #send(lane: Lane<Permit>): void {
    this.#turns.count();
    this.#waiting -= 1;
    this.#fly(lane, 1);
    lane.line.shift()?.resolve(this.#permit(lane));
  }

  #fly(lane: Lane<Permit>, by: 1 | -1): void {
    this.#inFlight[lane.kind] += by;
    if (isSyncRead(lane)) this.#syncReadsInFlight += by;
  }

  #permit(lane: Lane<Permit>): Permit {
    const epoch = this.#epoch;
    let open = true;
    return {
      release: () => {
        if (!open) return;
        open = false;
        this.#fly(lane, -1);
        if (Number.isFinite(this.#places)) this.#vacated.push(this.#clock.monotonic());
        if (epoch === this.#epoch) this.#ramp = this.#ramp >= IN_FLIGHT.read ? Infinity : this.#ramp + 1;
        this.#admit();
      },
      isOvertaken: () => epoch !== this.#epoch,
      rejected: (retryAfterMs) => this.#block(retryAfterMs),
    };
  }

  #block(retryAfterMs: number): void {
    const now = this.#clock.monotonic();
    this.#blockedUntil = Math.max(this.#blockedUntil, now + retryAfterMs);
    this.#ramp = 1;
    this.#epoch += 1;
    const blockedFor = this.#blockedUntil - now;
    this.#turnAway(blockedFor);
    this.#admit();
  }

  /** Rejects all waiters in lines whose patience is shorter than `blockedFor`. */
  #turnAway(blockedFor: number): void {
    for (const { line, priority } of this.#lanes) {
      if (blockedFor <= PATIENCE_MS[priority]) continue;
      for (let waiter = line.shift(); waiter; waiter = line.shift()) {
        this.#waiting -= 1;
        waiter.reject(tooLong(blockedFor));
      }
    }
  }

  /** Sets the timer. `at` is infinite if no vacated place is waiting out its minute: the next release then admits. */
  #wakeAt(at: number, now: number): void {
    if (!Number.isFinite(at)) return;
    this.#cancelTimer = this.#clock.schedule(Math.max(1, Math.ceil(at - now)), () => {
      this.#cancelTimer = null;
      this.#admit();
    });
  }

  #countThrottling(held: boolean, now: number): void {
    if (this.#throttledSince !== null) this.#throttled.add((now - this.#throttledSince) / 1000, this.#labels);
    this.#throttledSince = held ? now : null;
  }
}

function tooLong(ms: number): AsanaError {
  return new AsanaError(
    'RateLimited',
    `Asana limits this token for ${Math.ceil(ms / 1000)} s (429). No request is sent until then.`,
    { surface: 'rest', status: 429, retryAfterMs: ms },
  );
}
