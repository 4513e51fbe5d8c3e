import type { Clock } from '../core/clock.ts';
import type { Settings } from './settings.ts';

const WINDOW_MS = 60_000;

/** The request counts of one token. */
export interface TokenStatistics {
  readonly requests: Readonly<Record<string, number>>;
  readonly rejected: number;
  readonly readsInFlight: number;
  readonly writesInFlight: number;
  readonly mostReadsInFlight: number;
  readonly mostWritesInFlight: number;
  /** The most requests in any 60 s, refused ones included. */
  readonly mostPerMinute: number;
}

/** Whether a request is admitted and, if not, when to retry. */
export type Admission =
  | { readonly admitted: true; readonly done: () => void }
  | { readonly admitted: false; readonly retryAfterSeconds: number };

/**
 * The rate limit of one token (developers.asana.com/docs/rate-limits): a number of requests in any 60 s, refused ones
 * included, and separate numbers of reads and writes in flight. The window slides, because Asana checks more often than
 * once a minute: a client that spends two allowances around a minute boundary is caught.
 */
export class TokenLimits {
  readonly #settings: Settings;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Times of the requests in the last 60 s; entries before #first have expired. */
  #times: number[] = [];
  #first = 0;
  #reads = 0;
  #writes = 0;
  #mostReads = 0;
  #mostWrites = 0;
  #mostPerMinute = 0;
  #rejected = 0;
  readonly #requests = new Map<string, number>();

  constructor(settings: Settings, clock: Pick<Clock, 'monotonic'>) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Counts a request. The caller calls `done` when an admitted request has ended. */
  admit(kind: 'read' | 'write', operation: string): Admission {
    this.#requests.set(operation, (this.#requests.get(operation) ?? 0) + 1);
    const retryAfterSeconds = this.#countInWindow();
    if (retryAfterSeconds !== null) return this.#reject(retryAfterSeconds);
    const { readsInFlight, writesInFlight } = this.#settings;
    if (kind === 'read' && readsInFlight > 0 && this.#reads >= readsInFlight) return this.#reject(1);
    if (kind === 'write' && writesInFlight > 0 && this.#writes >= writesInFlight) return this.#reject(1);
    return { admitted: true, done: this.#enter(kind) };
  }

  statistics(): TokenStatistics {
    return {
      requests: Object.fromEntries(this.#requests),
      rejected: this.#rejected,
      readsInFlight: this.#reads,
      writesInFlight: this.#writes,
      mostReadsInFlight: this.#mostReads,
      mostWritesInFlight: this.#mostWrites,
      mostPerMinute: this.#mostPerMinute,
    };
  }

  /** Clears the statistics. The allowance that is spent stays spent. */
  resetStatistics(): void {
    this.#requests.clear();
    this.#rejected = 0;
    this.#mostReads = this.#reads;
    this.#mostWrites = this.#writes;
    this.#mostPerMinute = 0;
  }

  /** Counts a request. Returns `null` if it fits into the window, otherwise the whole seconds until one would. */
  #countInWindow(): number | null {
    const now = this.#clock.monotonic();
    const limit = this.#settings.requestsPerMinute;
    let oldest = this.#times[this.#first];
    while (oldest !== undefined && oldest <= now - WINDOW_MS) {
      this.#first += 1;
      oldest = this.#times[this.#first];
    }
    if (this.#first > 4096 && this.#first * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#first);
      this.#first = 0;
    }
    this.#times.push(now);
    const count = this.#times.length - this.#first;
    this.#mostPerMinute = Math.max(this.#mostPerMinute, count);
    if (limit === 0 || count <= limit) return null;
    // The next request fits once all but limit - 1 of those before it have left the window.
    const lastToLeave = this.#times[this.#times.length - limit] ?? now;
    return Math.max(1, Math.ceil((lastToLeave + WINDOW_MS - now) / 1000));
  }

  #reject(retryAfterSeconds: number): Admission {
    this.#rejected += 1;
    return { admitted: false, retryAfterSeconds };
  }

  /** Takes a slot. Returns the function that frees it; a second call does nothing. */
  #enter(kind: 'read' | 'write'): () => void {
    const step = (by: number) => {
      if (kind === 'read') this.#reads += by;
      else this.#writes += by;
    };
    step(1);
    this.#mostReads = Math.max(this.#mostReads, this.#reads);
    this.#mostWrites = Math.max(this.#mostWrites, this.#writes);
    let inside = true;
    return () => {
      if (inside) step(-1);
      inside = false;
    };
  }
}
