import type { RemovalClock } from '../removal-delay.ts';
import type { RemovalLimits } from './demand.ts';
import { isCounted, type PendingRemoval } from './pending-removal.ts';
import { RemovalWindow, type WindowState } from './removal-window.ts';
import { Roster } from './roster.ts';

/** Every removal that is wanted, with the counts that follow from it: none is changed without the others. */
export class RemovalBook {
  readonly roster = new Roster();
  readonly window: RemovalWindow;
  readonly #pending = new Map<string, PendingRemoval>();

  constructor(window: WindowState | null, read: RemovalClock) {
    this.window = new RemovalWindow(window, read);
  }

  get(id: string): PendingRemoval | null {
    return this.#pending.get(id) ?? null;
  }

  ids(): IterableIterator<string> {
    return this.#pending.keys();
  }

  all(): IterableIterator<PendingRemoval> {
    return this.#pending.values();
  }

  /** Notes the state of a removal. */
  put(removal: PendingRemoval): void {
    const { demand, answer } = removal;
    const before = this.get(demand.id);
    this.#pending.set(demand.id, removal);
    if (before && isCounted(before)) this.window.unwant(before.demand);
    if (isCounted(removal)) this.window.want(demand);
    // What a person has said to leave alone does not end.
    this.roster.setEnding(demand.id, demand.ends && answer?.word !== 'discard');
  }

  /** The removal is not wanted, and what it would have ended stays; nothing happens if it never was wanted. */
  remove(id: string): void {
    const removal = this.get(id);
    this.roster.setEnding(id, false);
    if (removal && isCounted(removal)) this.window.unwant(removal.demand);
    this.#pending.delete(id);
  }

  /** Whether what is wanted is more than the window may see. */
  isOver(limits: RemovalLimits): boolean {
    return this.window.isOver(limits, this.roster.staying);
  }
}
