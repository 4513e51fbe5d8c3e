/** A fault that can be put back, to see whether the simulation finds it. */
export interface Mutant {
  readonly name: string;
  /** Below `src`. */
  readonly file: string;
  /** Must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong because of it. */
  readonly why: string;
}

/** Faults that the simulation must find, one at a time. */
export const mutants: readonly Mutant[] = [
  {
    name: 'budget-ignores-retry-after',
    file: 'asana/budget.ts',
    find: 'this.#blockedUntil = Math.max(this.#blockedUntil, now + retryAfterMs);',
    replace: '',
    why: 'requests leave before the pause that Asana asked for is over',
  },
];
