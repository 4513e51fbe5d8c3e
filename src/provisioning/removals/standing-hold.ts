import type { Answer, Demand } from './demand.ts';
import { formatHoldToken, type HoldToken } from './hold-token.ts';
import { canBeHeld, type PendingRemoval } from './pending-removal.ts';
import type { RemovalBook } from './removal-book.ts';
import { type HoldState, RemovalHold } from './removal-hold.ts';

/** The connector's status names so many. */
const NAMED = 20;

/** A hold as people see it. */
export interface ShownHold extends HoldState {
  /** Removals. */
  readonly count: number;
  /** People whom they are about. */
  readonly people: number;
  /** The first twenty, in the order in which they joined. */
  readonly first: readonly { readonly who: string; readonly what: string }[];
}

/** What a hold needs of its desk. */
export interface HoldParts {
  readonly book: RemovalBook;
  readonly restored: HoldState | null;
  readonly newId: () => string;
  /** Called for each grant that may hear another verdict now. */
  readonly onChange: (id: string) => void;
}

/** The hold over the removals of one connector: there is one, or none. */
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

  /** For the connector's status: `n` is what people are shown. */
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

  /** The token under which this grant is held; null if it is not. */
  tokenOf(grant: string): string | null {
    const hold = this.#hold;
    const n = hold?.changeOf(grant) ?? null;
    return hold && n !== null ? formatHoldToken({ id: hold.id, n }) : null;
  }

  /** Takes back what a process before this one had held, by the grant's own record. */
  readmit(removal: PendingRemoval, now: number): void {
    const { id, recorded, content } = removal.demand;
    if (!removal.mustJoin || recorded?.content !== content) return;
    this.#hold ??= new RemovalHold({ id: recorded.id, since: now, n: recorded.n }, now);
    // Of two holds one stands: what the other held joins it, once all that it named is known.
    if (this.#hold.id !== recorded.id) return;
    this.#hold.readmit(id, recorded.n);
    this.#book.put({ ...removal, mustJoin: false });
  }

  /** Takes in a removal, and if there was no hold, everything that is pending. */
  join(removal: PendingRemoval, now: number): void {
    const { id } = removal.demand;
    if (!canBeHeld(removal)) return;
    if (!this.#hold) this.begin(now);
    else if (this.#hold.changeOf(id) === null) this.#hold.join(id, now);
    if (removal.mustJoin) this.#book.put({ ...removal, mustJoin: false });
  }

  /** Begins with everything that is pending. */
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
   * Gives an answer to what had joined by then, and has none yet.
   * @returns the grants that got it; null if this names no hold that stands, or more than has joined
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
