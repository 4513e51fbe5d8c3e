import type { Doubt, DoubtReason } from '../../directory/doubt.ts';
import { parseHoldToken } from './hold-token.ts';

/** A doubted reading that a person has to judge before anything is removed. */
export interface ReadingHold {
  readonly reason: DoubtReason;
  readonly id: string;
  /** Rises only when the reading gets worse, so that a person never accepts more than the token stood for. */
  readonly n: number;
  /** Epoch milliseconds. */
  readonly since: number;
  /** How many items the worst reading since then lacked. */
  readonly count: number;
  /** How many items each part lacks, as far as it is known. */
  readonly missing: Doubt['missing'];
  /** Gids of the workspaces or organizations that the doubt is about. */
  readonly places: readonly string[];
  /** For people; empty after a restart, until the next reading. */
  readonly message: string;
}

/** The doubts about a connector's readings, one per reason. They contain no removals: those wait until none is left. */
export class ReadingDoubts {
  readonly #doubts = new Map<DoubtReason, ReadingHold>();
  readonly #newId: () => string;
  readonly #onTurn: () => void;

  /** @param onTurn called when a doubt begins or ends */
  constructor(doubts: readonly ReadingHold[], newId: () => string, onTurn: () => void) {
    for (const doubt of doubts) this.#doubts.set(doubt.reason, doubt);
    this.#newId = newId;
    this.#onTurn = onTurn;
  }

  /** The standing doubts, oldest first. */
  list(): readonly ReadingHold[] {
    return [...this.#doubts.values()];
  }

  /** The reason of the doubt that removals wait for; `null` for none. */
  get first(): DoubtReason | null {
    return this.#doubts.keys().next().value ?? null;
  }

  /** Begins or updates a doubt. If the reading is no worse than before, the token stays the same. */
  raise(doubt: Omit<Doubt, 'parts'>, now: number): void {
    const { reason, count, missing, places, message } = doubt;
    const about = { missing, places, message };
    const before = this.#doubts.get(reason);
    if (!before) {
      this.#doubts.set(reason, { reason, id: this.#newId(), n: 1, since: now, count, ...about });
      this.#onTurn();
      return;
    }
    const n = count > before.count ? before.n + 1 : before.n;
    this.#doubts.set(reason, { ...before, n, count: Math.max(count, before.count), ...about });
  }

  /** Ends a doubt that a later reading has resolved, or that a person has accepted. */
  drop(reason: DoubtReason): void {
    if (this.#doubts.delete(reason)) this.#onTurn();
  }

  /** Returns the doubt whose current token this is; `null` for none. */
  named(token: string): ReadingHold | null {
    const parsed = parseHoldToken(token);
    return parsed ? (this.list().find(({ id, n }) => id === parsed.id && n === parsed.n) ?? null) : null;
  }
}
