import { InvalidInputError } from '../core/errors.ts';

/** Which matching requests are hit: from the n-th, or after so many, up to `times` of them (1 by default, 0 = all). */
export interface Occurrence {
  readonly nth?: number;
  readonly after?: number;
  readonly times?: number;
}

interface Scheduled<Fault, Subject> {
  readonly id: number;
  readonly fault: Fault;
  readonly fits: (subject: Subject) => boolean;
  seen: number;
  hits: number;
}

const MOST_FAULTS = 1000;

/** The scheduled faults. Each fault counts its own matching requests. */
export abstract class FaultSchedule<
  Fault extends { readonly match: Occurrence; readonly effect: object },
  Subject,
> {
  #scheduled: Scheduled<Fault, Subject>[] = [];
  #lastId = 0;

  /** Returns the predicate for the requests that a fault matches. */
  protected abstract prepare(match: Fault['match']): (subject: Subject) => boolean;

  /** Adds a fault. Returns the id to remove it by. */
  add(fault: Fault): number {
    if (this.#scheduled.length >= MOST_FAULTS)
      throw new InvalidInputError('faults', `at most ${MOST_FAULTS} at a time.`);
    this.#lastId += 1;
    this.#scheduled.push({ id: this.#lastId, fault, fits: this.prepare(fault.match), seen: 0, hits: 0 });
    return this.#lastId;
  }

  remove(id: number): boolean {
    const before = this.#scheduled.length;
    this.#scheduled = this.#scheduled.filter((scheduled) => scheduled.id !== id);
    return this.#scheduled.length < before;
  }

  clear(): void {
    this.#scheduled = [];
  }

  list(): readonly (Fault & { readonly id: number; readonly hits: number })[] {
    return this.#scheduled.map(({ id, fault, hits }) => ({ id, hits, ...fault }));
  }

  /** Returns the combined effect of the faults that hit the request; if two conflict, the later one wins. */
  strike(subject: Subject): Partial<Fault['effect']> {
    let effect: Partial<Fault['effect']> = {};
    for (const scheduled of this.#scheduled) {
      if (scheduled.fits(subject) && isDue(scheduled)) effect = { ...effect, ...scheduled.fault.effect };
    }
    return effect;
  }
}

/** Counts a matching request. Returns whether the fault hits it. */
function isDue<Fault extends { readonly match: Occurrence }>(scheduled: Scheduled<Fault, never>): boolean {
  const { nth, after = nth === undefined ? 0 : nth - 1, times = 1 } = scheduled.fault.match;
  scheduled.seen += 1;
  if (scheduled.seen <= after) return false;
  if (times > 0 && scheduled.hits >= times) return false;
  scheduled.hits += 1;
  return true;
}
