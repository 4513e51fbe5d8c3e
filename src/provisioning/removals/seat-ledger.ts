import type { Clock } from '../../core/clock.ts';

/** An enterprise license that is being given. Each function ends the seat; only the first call has an effect. */
export interface Seat {
  /** The license was not given. */
  readonly free: () => void;
  /** The license was given and our directory shows it. Other connectors count it until they have read it. */
  readonly keep: () => void;
  /** The license may have been given. Every connector counts it until a reading that began later. */
  readonly doubt: () => void;
}

/** The grant or task that takes an enterprise license. */
export interface SeatTaker {
  readonly connector: string;
  /** The uid of the object or the id of the task. */
  readonly holder: string;
  /** The account that gets it: the gid, or the email while there is none. */
  readonly account: string;
}

/** The connector that asks how many seats are taken beside those that its own reading shows. */
export interface SeatReader {
  readonly connector: string;
  /** Monotonic clock when its reading of licenses began. What the connector itself gave is laid over the reading. */
  readonly readAt: number;
}

interface Given {
  /** The connector whose directory shows it; `null` if none is known to. */
  readonly connector: string | null;
  /** The holder of the seat. If it asks again, the license does not count against it. */
  readonly holder: string;
  /** Monotonic clock. */
  readonly at: number;
}

/** The enterprise licenses of one organization that are not yet shown by the readings of all its connectors. */
export class SeatLedger {
  /** Seats under way: sent or about to be. A holder has one at a time. */
  readonly #byHolder = new Map<string, { readonly account: string }>();
  /** Number of holders by account: a grant and a task may be about the same person, who gets one license. */
  readonly #holders = new Map<string, number>();
  /** Licenses given, or perhaps given, by account; the latest last. */
  readonly #given = new Map<string, Given>();
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#byHolder.size === 0 && this.#given.size === 0;
  }

  take({ connector, holder, account }: SeatTaker): Seat {
    const before = this.#byHolder.get(holder);
    if (before) this.#free(holder, before);
    const seat = { account };
    this.#byHolder.set(holder, seat);
    this.#holders.set(account, (this.#holders.get(account) ?? 0) + 1);
    const give = (shownBy: string | null) => {
      if (!this.#free(holder, seat)) return;
      this.#given.delete(account);
      this.#given.set(account, { connector: shownBy, holder, at: this.#clock.monotonic() });
    };
    return {
      free: () => void this.#free(holder, seat),
      keep: () => give(connector),
      doubt: () => give(null),
    };
  }

  /** Counts the accounts that the reading does not show, without the one of this holder. */
  countBeside(holder: string, { connector, readAt }: SeatReader): number {
    const own = this.#byHolder.get(holder)?.account;
    let count = this.#holders.size - (own === undefined ? 0 : 1);
    for (const [account, given] of this.#given) {
      if (given.at < readAt || given.connector === connector || given.holder === holder) continue;
      if (account !== own && !this.#holders.has(account)) count += 1;
    }
    return count;
  }

  /** Forgets licenses given before `readAt`: every connector has read the directory since. */
  forgetBefore(readAt: number): void {
    for (const [account, { at }] of this.#given) {
      if (at >= readAt) return;
      this.#given.delete(account);
    }
  }

  /** @returns true if the seat was still under way */
  #free(holder: string, seat: { readonly account: string }): boolean {
    if (this.#byHolder.get(holder) !== seat) return false;
    this.#byHolder.delete(holder);
    const left = (this.#holders.get(seat.account) ?? 1) - 1;
    if (left === 0) this.#holders.delete(seat.account);
    else this.#holders.set(seat.account, left);
    return true;
  }
}
