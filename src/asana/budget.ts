import type { Clock } from '../core/clock.ts';
import type { Counter, Gauge, Labels, Meter } from '../core/meter.ts';
import { AsanaError } from './errors.ts';
import { isSyncRead, type Lane, makeLanes, OverdueTurns, type Priority, type RequestKind } from './lanes.ts';
import { PATIENCE_MS } from './retry.ts';
import { TimeQueue } from './time-queue.ts';
import type { Waiter } from './waiting-line.ts';

/** Asana's window is the minute (developers.asana.com, rate limits); a little more for clocks that run apart. */
const WINDOW_MS = 60_000 + 50;

/** Asana's limits for concurrent requests of one token (same page). */
const IN_FLIGHT = { read: 50, write: 15 } as const;

/** Syncs leave two of the fifty reads to others: a listing that hangs cannot shut out an edit. */
export const SYNC_READS_IN_FLIGHT = IN_FLIGHT.read - 2;

/**
 * Share of the window kept from syncs, half of it from reads too. A sync of R requests that uses 90 % of a
 * window of N still ends within 60⌊R/0.9N⌋ s, below 1.15 × 60R/N s for every R.
 */
const RESERVE = 0.1;

export interface BudgetLimits {
  /** What Asana grants the token a minute: 1,500 on paid plans, 150 on free ones; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** The share of it that is planned, 1 to 100. */
  readonly percent: number;
}

/** Leave to send one request. Exactly one `release` ends it. */
export interface Permit {
  /** The answer came, or nobody waits for it any more. */
  release(): void;
  /** Asana has asked for a pause since this was given: what has not left yet asks for leave anew. */
  isOvertaken(): boolean;
  /** Asana answered 429: nothing more is sent for `retryAfterMs`. `release` still has to follow. */
  rejected(retryAfterMs: number): void;
}

export interface BudgetDeps {
  readonly clock: Clock;
  readonly meter: Meter;
}

/**
 * The request allowance of one token (docs/architecture.md, "The budget"). A request takes a place when it is
 * admitted and gives it back 60 s after its answer came. Asana counts it at some moment in between, so every
 * request that Asana counts within any 60 s held its place at the end of them: no window can see more than there
 * are places.
 *
 * Nothing polls: waiters stand in one line for each priority and kind, and move when a request ends, when the
 * oldest place is given back, or when a Retry-After has passed. Every step costs O(1).
 */
export class Budget {
  readonly #clock: Clock;
  readonly #places: number;
  readonly #placesOf: Readonly<Record<Priority, number>>;
  readonly #lanes: readonly Lane<Permit>[] = makeLanes<Permit>();
  readonly #inFlight: Record<RequestKind, number> = { read: 0, write: 0 };
  #syncReadsInFlight = 0;
  readonly #turns = new OverdueTurns();
  /** When the places that wait out their 60 s were vacated, oldest first. */
  readonly #vacated = new TimeQueue();
  #waiting = 0;
  #blockedUntil = Number.NEGATIVE_INFINITY;
  /** After a 429, requests in flight begin with one and grow by one with each answer: no second wall of 429s. */
  #ramp = Number.POSITIVE_INFINITY;
  #epoch = 0;
  #cancelTimer: (() => void) | null = null;
  #throttledSince: number | null = null;
  readonly #meter: Meter;
  readonly #available: Gauge;
  readonly #throttled: Counter;
  readonly #labels: Labels;

  /** @param name tells budgets apart in metrics; never a token */
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
    this.#available = deps.meter.gauge('asana_budget_available', 'Requests that may be sent now.', [
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
   * Waits until the request may leave. Rejects with the signal's reason when it aborts first, and with
   * `RateLimited` when Asana has asked for a longer wait than anybody should sit through (`PATIENCE_MS`).
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

  /** Requests that would be admitted at once; infinite without a limit, 0 while Asana asked to wait. */
  available(): number {
    const now = this.#clock.monotonic();
    if (now < this.#blockedUntil) return 0;
    this.#vacated.dropUntil(now - WINDOW_MS);
    return Math.max(0, this.#places - this.#occupied());
  }

  /** True when forgetting this budget would let nothing through that it holds back. */
  isIdle(): boolean {
    return this.#waiting === 0 && this.available() === this.#places;
  }

  /** Brings the metrics up to date: places come back, and time passes, without anybody being told. */
  refresh(): void {
    this.#countThrottling(this.#throttledSince !== null, this.#clock.monotonic());
    this.#available.set(this.available(), this.#labels);
  }

  /** Takes the budget out of the metrics. */
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

  /** Lets everybody through who may go now, and sets the one timer for when the next may. */
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

  /** Whoever stands in a line that does not wait so long. */
  #turnAway(blockedFor: number): void {
    for (const { line, priority } of this.#lanes) {
      if (blockedFor <= PATIENCE_MS[priority]) continue;
      for (let waiter = line.shift(); waiter; waiter = line.shift()) {
        this.#waiting -= 1;
        waiter.reject(tooLong(blockedFor));
      }
    }
  }

  /** A place comes back when the oldest vacated one has waited its minute; with none vacated, at a release. */
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
