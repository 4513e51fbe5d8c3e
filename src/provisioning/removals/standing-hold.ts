import type { Answer, Demand } from './demand.ts';
import { formatHoldToken, type HoldToken } from './hold-token.ts';
import { canBeHeld, type PendingRemoval } from './pending-removal.ts';
import type { RemovalBook } from './removal-book.ts';
import { type HoldState, RemovalHold } from './removal-hold.ts';

/** How many removals the connector's status names. */
const NAMED = 20;

/** A hold as it is shown to people. */
export interface ShownHold extends HoldState {
  /** The number of removals. */
  readonly count: number;
  /** The number of people who would lose access. */
  readonly people: number;
  /** The first twenty removals, in the order in which they joined. */
  readonly first: readonly { readonly who: string; readonly what: string }[];
}

/** What a hold needs of its desk. */
export interface HoldParts {
  readonly book: RemovalBook;
  readonly restored: HoldState | null;
  readonly newId: () => string;
  /** Called for each grant whose verdict may have changed. */
  readonly onChange: (id: string) => void;
}

/** The hold of the removals of one connector: there is at most one. */
export class StandingHold {
  readonly #book: RemovalBook;
  readonly #newId: () => string;
  readonly #onChange: (id: string) => void;
  #hold: RemovalHold | null;

  constructor({ book, restored, newId, onChange }: HoldParts) {
    this.#book = book;
    this.#newId = newId;
    this.#onChange = onChange;
    this.#hold = restored ? new RemovalHold(restored, restored.since) : null;
  }

  get stands(): boolean {
    return this.#hold !== null;
  }

  /** Returns the hold for the connector's status, with `n` as shown to people; `null` if none stands. */
  state(): ShownHold | null {
    const hold = this.#hold;
    if (!hold) return null;
    const people = new Set<string>();
    const first: Demand[] = [];
    for (const id of hold.members()) {
      const demand = this.#book.get(id)?.demand;
      if (!demand) continue;
      people.add(demand.person);
      if (first.length < NAMED) first.push(demand);
    }
    const { id, shown, since, size } = hold;
    return { id, n: shown, since, count: size, people: people.size, first };
  }

  /** Returns the token under which this grant is held; `null` if it is not. */
  tokenOf(grant: string): string | null {
    const hold = this.#hold;
    const n = hold?.changeOf(grant) ?? null;
    return hold && n !== null ? formatHoldToken({ id: hold.id, n }) : null;
  }

  /** Puts a removal that an earlier process held back into the hold, by the grant's own record. */
  readmit(removal: PendingRemoval, now: number): void {
    const { id, recorded, content } = removal.demand;
    if (!removal.mustJoin || recorded?.content !== content) return;
    this.#hold ??= new RemovalHold({ id: recorded.id, since: now, n: recorded.n }, now);
    // Only one of two recorded holds stands. The removals of the other join it once every grant was decided.
    if (this.#hold.id !== recorded.id) return;
    this.#hold.readmit(id, recorded.n);
    this.#book.put({ ...removal, mustJoin: false });
  }

  /** Takes a removal into the hold; if there is none, begins one with everything that is pending. */
  join(removal: PendingRemoval, now: number): void {
    const { id } = removal.demand;
    if (!canBeHeld(removal)) return;
    if (!this.#hold) this.begin(now);
    else if (this.#hold.changeOf(id) === null) this.#hold.join(id, now);
    if (removal.mustJoin) this.#book.put({ ...removal, mustJoin: false });
  }

  /** Begins a hold with everything that is pending. */
  begin(now: number): void {
    const hold = new RemovalHold({ id: this.#newId(), since: now, n: 1 }, now);
    this.#hold = hold;
    for (const removal of this.#book.all()) {
      if (!canBeHeld(removal)) continue;
      hold.beginWith(removal.demand.id);
      this.#onChange(removal.demand.id);
    }
  }

  leave(grant: string): void {
    this.#hold?.leave(grant);
  }

  endIfEmpty(): void {
    if (this.#hold?.size === 0) this.#hold = null;
  }

  /**
   * Gives an answer to the removals that the token names and that have none yet.
   * @returns the grants that got it; `null` if the token names no standing hold, or a change that has not happened
   */
  answer({ id, n }: HoldToken, word: Answer): readonly string[] | null {
    const hold = this.#hold;
    if (hold?.id !== id || n > hold.newest) return null;
    const answered: string[] = [];
    for (const grant of hold.members()) {
      const joined = hold.changeOf(grant);
      const removal = this.#book.get(grant);
      if (joined === null || joined > n || !removal || removal.answer) continue;
      const answer = { word, hold: formatHoldToken({ id, n: joined }), recorded: false };
      this.#book.put({ ...removal, answer });
      this.#onChange(grant);
      answered.push(grant);
    }
    return answered;
  }

  /** As `RemovalDesk.publish`. */
  publish(now: number): { readonly moved: boolean; readonly againInMs: number | null } {
    return this.#hold?.publish(now) ?? { moved: false, againInMs: null };
  }
}
