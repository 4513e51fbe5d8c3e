import type { RemovalClock } from '../removal-delay.ts';
import type { RemovalLimits } from './demand.ts';
import { isCounted, type PendingRemoval } from './pending-removal.ts';
import { RemovalWindow, type WindowState } from './removal-window.ts';
import { Roster } from './roster.ts';

/** Every removal that is wanted, together with the counts that follow from them, so that all change together. */
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

  /** Adds or updates a removal. */
  put(removal: PendingRemoval): void {
    const { demand, answer } = removal;
    const before = this.get(demand.id);
    this.#pending.set(demand.id, removal);
    if (before && isCounted(before)) this.window.unwant(before.demand);
    if (isCounted(removal)) this.window.want(demand);
    // A right whose removal was discarded does not end.
    this.roster.setEnding(demand.id, demand.ends && answer?.word !== 'discard');
  }

  /** Drops a removal that is not wanted any more: the right that it would have ended stays. Unknown ids are ignored. */
  remove(id: string): void {
    const removal = this.get(id);
    this.roster.setEnding(id, false);
    if (removal && isCounted(removal)) this.window.unwant(removal.demand);
    this.#pending.delete(id);
  }

  /** Whether the removals that are wanted exceed the limits of the window. */
  isOver(limits: RemovalLimits): boolean {
    return this.window.isOver(limits, this.roster.staying);
  }
}
