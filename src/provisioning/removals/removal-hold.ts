/** So long nothing must have joined before what joined is shown under a new token: nobody can answer a moving one. */
const STILL_MS = 3_000;
/** But no longer than this does it stay unshown. */
const LONGEST_UNSHOWN_MS = 30_000;

/** A hold as a process before this one recorded it. */
export interface HoldState {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** The newest change that was shown. */
  readonly n: number;
}

/**
 * The removals that wait for one answer. Each has the number of the change with which it joined: a token of that
 * number, or of a later one, names it.
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

  /** @param state its `n` is taken as shown. */
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

  /** The newest change that people are shown. */
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

  /** The change with which this grant joined; null if it is not in it. */
  changeOf(id: string): number | null {
    return this.#members.get(id) ?? null;
  }

  /** One of those it begins with: they need no new token. */
  beginWith(id: string): void {
    this.#members.set(id, this.#newest);
  }

  /** Joins with a change of its own. */
  join(id: string, now: number): void {
    this.#newest += 1;
    this.#joinedAt = now;
    // Whatever was known of it before, it is now the last that joined.
    this.#members.delete(id);
    this.#members.set(id, this.#newest);
  }

  /** Takes back one that joined in a process before this one, by its own record. */
  readmit(id: string, n: number): void {
    this.#members.set(id, n);
    this.#newest = Math.max(this.#newest, n);
  }

  leave(id: string): void {
    this.#members.delete(id);
  }

  /**
   * Shows what joined once it is still, or has not been shown for long.
   * @returns whether the token moved, and when to come again for what is not shown yet (null: all is shown)
   */
  publish(now: number): { readonly moved: boolean; readonly againInMs: number | null } {
    if (this.#shown === this.#newest) return { moved: false, againInMs: null };
    // The wall clock may have been set back: nothing waits longer for that.
    const stillInMs = Math.min(STILL_MS, this.#joinedAt + STILL_MS - now);
    const lateInMs = Math.min(LONGEST_UNSHOWN_MS, this.#shownAt + LONGEST_UNSHOWN_MS - now);
    const againInMs = Math.min(stillInMs, lateInMs);
    if (againInMs > 0) return { moved: false, againInMs };
    this.#shown = this.#newest;
    this.#shownAt = now;
    return { moved: true, againInMs: null };
  }
}
