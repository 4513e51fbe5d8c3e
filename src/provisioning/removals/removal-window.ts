import type { RemovalClock } from '../removal-delay.ts';
import type { RemovalLimits } from './demand.ts';
import { Headcount } from './headcount.ts';

/** A window as a process before this one recorded it. Null where the record cannot be read. */
export interface WindowState {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** People with applied grants when it began; null while that is not known. */
  readonly baseline: number | null;
  /** People from whom something was removed. */
  readonly done: number | null;
  /** People deprovisioned in the organization, whatever asked for it. */
  readonly deprovisions: number | null;
}

/** What one demand counts as. */
export interface Counted {
  readonly person: string;
  readonly ends: boolean;
  readonly deprovision: boolean;
}

/** The most people of a window. */
export function removalLimit(limits: RemovalLimits, baseline: number | null): number {
  return Math.max(limits.atLeast, Math.floor((limits.percent * (baseline ?? 0)) / 100));
}

/** The people whom the removals of one window of time concern: those pending, and those reserved in it. */
export class RemovalWindow {
  readonly #removals = new Headcount();
  /** Of them, those whose rights end. */
  readonly #ends = new Headcount();
  readonly #deprovisions = new Headcount();
  #startedAt: number | null;
  /** How long it had lasted when this process first saw it, and when that was by the monotonic clock. */
  #sighted: { readonly lastedMs: number; readonly at: number };
  /** Null until every grant was looked at: before, nobody knows how many people there are. */
  #baseline: number | null;
  /** The record of this window cannot be read: its limits are taken to be used up. */
  #unreadable: boolean;

  /** @param read when the state was read */
  constructor(state: WindowState | null, { now, monotonic }: RemovalClock) {
    this.#startedAt = state?.startedAt ?? null;
    this.#sighted = { lastedMs: Math.max(0, now - (this.#startedAt ?? now)), at: monotonic };
    this.#baseline = state?.baseline ?? null;
    this.#unreadable = state !== null && (state.done === null || state.deprovisions === null);
    this.#removals.begin(state?.done ?? 0);
    // Who of them lost the last right is not recorded: all of them may have.
    this.#ends.begin(state?.done ?? 0);
    this.#deprovisions.begin(state?.deprovisions ?? 0);
  }

  /** People from whom something is to be removed, and whom the window has not counted yet. */
  get pending(): number {
    return this.#removals.waiting;
  }

  /** People deprovisioned in it; null if that cannot be known. */
  get deprovisions(): number | null {
    return this.#unreadable ? null : this.#deprovisions.done;
  }

  /**
   * Whether this person may be deprovisioned where no declared grant asks for it. Who is counted already takes no more
   * room; but a limit that was lowered since stops them too.
   */
  hasRoomFor(person: string, limit: number): boolean {
    const others = this.#deprovisions.done - (this.hasBookedDeprovision(person) ? 1 : 0);
    return !this.#unreadable && others < limit;
  }

  /** Whether a deprovision of this person is counted; not known of those whom a process before this one counted. */
  hasBookedDeprovision(person: string): boolean {
    return this.#deprovisions.hasBooked(person);
  }

  /** For the connector's status; null before the first window. */
  state(): WindowState | null {
    if (this.#startedAt === null) return null;
    return {
      startedAt: this.#startedAt,
      baseline: this.#baseline,
      done: this.#unreadable ? null : this.#removals.done,
      deprovisions: this.deprovisions,
    };
  }

  /**
   * Begins a window where there is none, or the last is over: by the wall clock and, so that a jump of that clock frees
   * nothing, by the monotonic one since this process first saw it.
   * @param people with applied grants now; null while not every grant was looked at
   */
  roll({ now, monotonic }: RemovalClock, windowMs: number, people: number | null): void {
    const lastedMs = this.#sighted.lastedMs + monotonic - this.#sighted.at;
    if (this.#startedAt !== null && Math.min(now - this.#startedAt, lastedMs) < windowMs) {
      this.#baseline ??= people;
      return;
    }
    this.#startedAt = now;
    this.#sighted = { lastedMs: 0, at: monotonic };
    this.#baseline = people;
    this.#unreadable = false;
    for (const count of [this.#removals, this.#ends, this.#deprovisions]) count.begin();
  }

  want({ person, ends, deprovision }: Counted): void {
    this.#removals.want(person);
    if (ends) this.#ends.want(person);
    if (deprovision) this.#deprovisions.want(person);
  }

  unwant({ person, ends, deprovision }: Counted): void {
    this.#removals.unwant(person);
    if (ends) this.#ends.unwant(person);
    if (deprovision) this.#deprovisions.unwant(person);
  }

  /**
   * Counts a removal before its request leaves.
   * @returns whether it was not counted yet
   */
  book({ person, ends, deprovision }: Counted): boolean {
    const counts = [
      this.#removals,
      ...(ends ? [this.#ends] : []),
      ...(deprovision ? [this.#deprovisions] : []),
    ];
    return counts.filter((count) => count.book(person)).length > 0;
  }

  /** Counts a deprovision that this connector's declared grants did not ask for. */
  bookDeprovision(person: string): void {
    this.#deprovisions.book(person);
  }

  /**
   * Whether something is pending, and more than this window may see. What is booked and was not sent is pending: a limit
   * that is lowered meanwhile still stops it.
   * @param staying people who keep an applied right
   */
  isOver(limits: RemovalLimits, staying: number): boolean {
    if (this.#removals.wanted > 0) {
      if (this.#unreadable) return true;
      const people = this.#removals.done + this.#removals.waiting;
      if (people > removalLimit(limits, this.#baseline)) return true;
    }
    const deprovisions = this.#deprovisions.done + this.#deprovisions.waiting;
    if (this.#deprovisions.wanted > 0 && deprovisions > limits.maxDeprovisions) return true;
    // The last of a team is no less of a loss than a fifth of a large one, at once or one after the other.
    return staying === 0 && this.#ends.wanted > 0 && this.#ends.done + this.#ends.waiting > 1;
  }
}
