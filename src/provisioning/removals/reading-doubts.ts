import type { Doubt, DoubtReason } from '../../directory/doubt.ts';
import { parseHoldToken } from './hold-token.ts';

/** A reading that a person has to judge before anything is removed by it. */
export interface ReadingHold {
  readonly reason: DoubtReason;
  readonly id: string;
  /** Moves only when the reading gets worse: what a person accepts is no worse than what the token stood for. */
  readonly n: number;
  /** Epoch milliseconds. */
  readonly since: number;
  /** How much the worst reading lacked since it began. */
  readonly count: number;
  /** What each part lacks, as far as it is known. */
  readonly missing: Doubt['missing'];
  /** Gids of the workspaces or organizations that it is about. */
  readonly places: readonly string[];
  /** For people; empty if a process before this one began it, until the next reading. */
  readonly message: string;
}

/** The doubts about a connector's readings, one a reason. They contain no removals: those wait until none is left. */
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

  /** Those that stand, oldest first. */
  list(): readonly ReadingHold[] {
    return [...this.#doubts.values()];
  }

  /** The reason that removals wait for; null for none. */
  get first(): DoubtReason | null {
    return this.#doubts.keys().next().value ?? null;
  }

  /** A reading is doubted. One that is no worse than before changes nothing that a token names. */
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

  /** A reading has put the doubt right, or a person has accepted it. */
  drop(reason: DoubtReason): void {
    if (this.#doubts.delete(reason)) this.#onTurn();
  }

  /** The doubt that this token names as it now stands; null for none. */
  named(token: string): ReadingHold | null {
    const parsed = parseHoldToken(token);
    return parsed ? (this.list().find(({ id, n }) => id === parsed.id && n === parsed.n) ?? null) : null;
  }
}
