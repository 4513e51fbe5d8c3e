import { CONNECTOR_KIND, type Connector, conditionOf, type Grant, holdsOf } from './model/objects.ts';
import type { Commit } from './model/records.ts';

export type Counts = Readonly<Record<string, number>>;

/** Counts what a run has covered, so that a judge that never sees something is noticed. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  count(group: string, name: string, by = 1): void {
    const counts = this.#counts.get(group) ?? new Map<string, number>();
    this.#counts.set(group, counts);
    counts.set(name, (counts.get(name) ?? 0) + by);
  }

  /** Counts what is new in a status: reasons, actions with their outcome, holds. */
  commit({ verb, kind, before, after }: Commit): void {
    if (verb !== 'status' || !after) return;
    if (kind === CONNECTOR_KIND) {
      const known = new Set(before ? holdsOf(before as Connector).map(({ reason }) => reason) : []);
      for (const { reason } of holdsOf(after as Connector))
        if (!known.has(reason)) this.count('hold', reason);
      return;
    }
    const [old, now] = [before as Grant | null, after as Grant];
    const reason = conditionOf(now, 'Ready')?.reason;
    if (reason && reason !== (old && conditionOf(old, 'Ready')?.reason)) this.count('reason', reason);
    const action = now.status?.lastAction;
    const was = old?.status?.lastAction;
    if (action && (action.id !== was?.id || action.result !== was.result))
      this.count('action', `${action.type} ${action.result}`);
  }

  /** Adds the counts of another run. */
  add(other: Readonly<Record<string, Counts>>): void {
    for (const [group, counts] of Object.entries(other))
      for (const [name, count] of Object.entries(counts)) this.count(group, name, count);
  }

  /** Returns the counts of one group. */
  of(group: string): Counts {
    return Object.fromEntries(this.#counts.get(group) ?? []);
  }

  toJSON(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#counts].map(([group, counts]) => [group, Object.fromEntries(counts)]),
    );
  }

  /** Renders one line per group, most frequent first. */
  render(): string {
    return [...this.#counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, counts]) => {
        const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
        return `${group}: ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`;
      })
      .join('\n');
  }
}
