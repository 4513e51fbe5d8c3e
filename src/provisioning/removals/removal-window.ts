import type { RemovalClock } from '../removal-delay.ts';
import type { RemovalLimits } from './demand.ts';
import { Headcount } from './headcount.ts';

/** A window as recorded by an earlier process. `done` and `deprovisions` are `null` if the record cannot be read. */
export interface WindowState {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** People with applied grants when it began; `null` while not known. */
  readonly baseline: number | null;
  /** People from whom something was removed. */
  readonly done: number | null;
  /** People deprovisioned in the organization, by grants and tasks of all its connectors. */
  readonly deprovisions: number | null;
}

/** The properties of a demand that decide how it counts. */
export interface Counted {
  readonly person: string;
  readonly ends: boolean;
  readonly deprovision: boolean;
}

/** Returns the most people from whom something may be removed in a window. */
export function removalLimit(limits: RemovalLimits, baseline: number | null): number {
  return Math.max(limits.atLeast, Math.floor((limits.percent * (baseline ?? 0)) / 100));
}

/** Counts the people affected by the removals of one time window: those pending, and those booked in it. */
export class RemovalWindow {
  readonly #removals = new Headcount();
  /** Those of them whose rights end. */
  readonly #ends = new Headcount();
  readonly #deprovisions = new Headcount();
  #startedAt: number | null;
  /** How long the window had lasted when this process first saw it, and the monotonic clock at that time. */
  #sighted: { readonly lastedMs: number; readonly at: number };
  /** `null` until every grant was decided: until then the number of people is not known. */
  #baseline: number | null;
  /** True if the record of this window cannot be read: its limits then count as used up. */
  #unreadable: boolean;

  /** @param read the clocks when the state was read */
  constructor(state: WindowState | null, { now, monotonic }: RemovalClock) {
    this.#startedAt = state?.startedAt ?? null;
    this.#sighted = { lastedMs: Math.max(0, now - (this.#startedAt ?? now)), at: monotonic };
    this.#baseline = state?.baseline ?? null;
    this.#unreadable = state !== null && (state.done === null || state.deprovisions === null);
    this.#removals.begin(state?.done ?? 0);
    // How many of these people lost a right that ended is not recorded: it may have been all.
    this.#ends.begin(state?.done ?? 0);
    this.#deprovisions.begin(state?.deprovisions ?? 0);
  }

  /** People from whom something is to be removed, and who are not booked in the window yet. */
  get pending(): number {
    return this.#removals.waiting;
  }

  /** People deprovisioned in the window; `null` if that is not known. */
  get deprovisions(): number | null {
    return this.#unreadable ? null : this.#deprovisions.done;
  }

  /**
   * Whether a task may deprovision this person. A person who is booked already takes no more room, but is stopped too
   * if the limit was lowered since.
   */
  hasRoomFor(person: string, limit: number): boolean {
    const others = this.#deprovisions.done - (this.hasBookedDeprovision(person) ? 1 : 0);
    return !this.#unreadable && others < limit;
  }

  /** Whether a deprovision of this person is booked; false for those that an earlier process booked. */
  hasBookedDeprovision(person: string): boolean {
    return this.#deprovisions.hasBooked(person);
  }

  /** Returns the state for the connector's status; `null` before the first window. */
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
   * Begins a window if there is none, or if the last one is over: by the wall clock and, so that a jump of that clock
   * does not reset the counts, also by the monotonic clock since this process first saw it.
   * @param people number of people with applied grants now; `null` while not every grant is decided
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
   * Books a removal before its request leaves.
   * @returns true if at least one of the counts did not include the person yet
   */
  book({ person, ends, deprovision }: Counted): boolean {
    const counts = [
      this.#removals,
      ...(ends ? [this.#ends] : []),
      ...(deprovision ? [this.#deprovisions] : []),
    ];
    return counts.filter((count) => count.book(person)).length > 0;
  }

  /** Books a deprovision without a demand: by a task, or by another connector of the organization. */
  bookDeprovision(person: string): void {
    this.#deprovisions.book(person);
  }

  /**
   * Whether removals are pending and exceed the limits of this window. A removal that is booked but not sent is
   * pending: a limit that is lowered meanwhile still stops it.
   * @param staying number of people who keep an applied right
   */
  isOver(limits: RemovalLimits, staying: number): boolean {
    if (this.#removals.wanted > 0) {
      if (this.#unreadable) return true;
      const people = this.#removals.done + this.#removals.waiting;
      if (people > removalLimit(limits, this.#baseline)) return true;
    }
    const deprovisions = this.#deprovisions.done + this.#deprovisions.waiting;
    if (this.#deprovisions.wanted > 0 && deprovisions > limits.maxDeprovisions) return true;
    // In a small group, losing everybody weighs as much as a fifth of a large one, at once or one after the other.
    return staying === 0 && this.#ends.wanted > 0 && this.#ends.done + this.#ends.waiting > 1;
  }
}
