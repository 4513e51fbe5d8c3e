import type { Clock } from '../../core/clock.ts';

/** An enterprise license that is being given. Each of these ends it; ending twice is ending once. */
export interface Seat {
  /** It was not given. */
  readonly free: () => void;
  /** It was given, and our own directory shows it: whoever else has not read the directory since counts it until then. */
  readonly keep: () => void;
  /** It may have been given, and nobody has seen it: everybody counts it until a reading that began later. */
  readonly doubt: () => void;
}

/** Who takes an enterprise license. */
export interface SeatTaker {
  readonly connector: string;
  /** The uid of the object or the id of the task. */
  readonly holder: string;
  /** Who gets it: the gid, or the email while there is none. */
  readonly account: string;
}

/** Who asks how many seats are taken beside those that its own reading shows. */
export interface SeatReader {
  readonly connector: string;
  /** Monotonic clock, when the reading of licenses began; what this connector gave itself is laid over that. */
  readonly readAt: number;
}

interface Given {
  /** Whose directory shows it; null where none is known to. */
  readonly connector: string | null;
  /** Whose seat it was: who asks for it anew has it already. */
  readonly holder: string;
  /** Monotonic clock. */
  readonly at: number;
}

/** The enterprise licenses of one organization that no reading shows yet, or not that of every connector. */
export class SeatLedger {
  /** On their way: sent or about to be. A holder has one at a time. */
  readonly #byHolder = new Map<string, { readonly account: string }>();
  /** Holders by account: a grant and a task may be about the same person, who gets one license. */
  readonly #holders = new Map<string, number>();
  /** By account, the latest last. */
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

  /** Accounts but the one of this holder. */
  countBeside(holder: string, { connector, readAt }: SeatReader): number {
    const own = this.#byHolder.get(holder)?.account;
    let count = this.#holders.size - (own === undefined ? 0 : 1);
    for (const [account, given] of this.#given) {
      if (given.at < readAt || given.connector === connector || given.holder === holder) continue;
      if (account !== own && !this.#holders.has(account)) count += 1;
    }
    return count;
  }

  /** Everybody has read the directory since. */
  forgetBefore(readAt: number): void {
    for (const [account, { at }] of this.#given) {
      if (at >= readAt) return;
      this.#given.delete(account);
    }
  }

  /** @returns whether it was still on its way */
  #free(holder: string, seat: { readonly account: string }): boolean {
    if (this.#byHolder.get(holder) !== seat) return false;
    this.#byHolder.delete(holder);
    const left = (this.#holders.get(seat.account) ?? 1) - 1;
    if (left === 0) this.#holders.delete(seat.account);
    else this.#holders.set(seat.account, left);
    return true;
  }
}
