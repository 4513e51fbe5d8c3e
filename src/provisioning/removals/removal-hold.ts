/** Quiet time after the last join before a new token is shown: a token that keeps moving cannot be answered. */
const STILL_MS = 3_000;
/** After this long without showing a new token, it is shown in any case. */
const LONGEST_UNSHOWN_MS = 30_000;

/** A hold as recorded by an earlier process. */
export interface HoldState {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** The newest change that was shown. */
  readonly n: number;
}

/**
 * The removals that wait for one answer. Each has the number of the change with which it joined, and is named by every
 * token with that number or a higher one.
 */
export class RemovalHold {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly since: number;
  #newest: number;
  #shown: number;
  #shownAt: number;
  #joinedAt: number;
  /** Change numbers by grant; the order is the one in which they joined. */
  readonly #members = new Map<string, number>();

  /** @param state its `n` counts as shown */
  constructor({ id, since, n }: HoldState, now: number) {
    this.id = id;
    this.since = since;
    this.#newest = n;
    this.#shown = n;
    this.#shownAt = now;
    this.#joinedAt = now;
  }

  /** The newest change, shown or not. */
  get newest(): number {
    return this.#newest;
  }

  /** The newest change that is shown to people. */
  get shown(): number {
    return this.#shown;
  }

  get size(): number {
    return this.#members.size;
  }

  /** The grants in it. */
  members(): IterableIterator<string> {
    return this.#members.keys();
  }

  /** Returns the number of the change with which this grant joined; `null` if it is not in the hold. */
  changeOf(id: string): number | null {
    return this.#members.get(id) ?? null;
  }

  /** Adds a grant that the hold begins with, which needs no new token. */
  beginWith(id: string): void {
    this.#members.set(id, this.#newest);
  }

  /** Adds a grant with a change of its own. */
  join(id: string, now: number): void {
    this.#newest += 1;
    this.#joinedAt = now;
    // Deleted first, so that it comes last in the order even if it was a member before.
    this.#members.delete(id);
    this.#members.set(id, this.#newest);
  }

  /** Adds a grant that joined in an earlier process, with the number that the grant has recorded. */
  readmit(id: string, n: number): void {
    this.#members.set(id, n);
    this.#newest = Math.max(this.#newest, n);
  }

  leave(id: string): void {
    this.#members.delete(id);
  }

  /**
   * Shows the newest change once nothing joins any more, or once it has waited too long.
   * @returns whether the token moved, and when to call again for a change not shown yet (`null` if all are shown)
   */
  publish(now: number): { readonly moved: boolean; readonly againInMs: number | null } {
    if (this.#shown === this.#newest) return { moved: false, againInMs: null };
    // If the wall clock was set back, nothing waits longer because of it.
    const stillInMs = Math.min(STILL_MS, this.#joinedAt + STILL_MS - now);
    const lateInMs = Math.min(LONGEST_UNSHOWN_MS, this.#shownAt + LONGEST_UNSHOWN_MS - now);
    const againInMs = Math.min(stillInMs, lateInMs);
    if (againInMs > 0) return { moved: false, againInMs };
    this.#shown = this.#newest;
    this.#shownAt = now;
    return { moved: true, againInMs: null };
  }
}
