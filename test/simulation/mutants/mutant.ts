/** A fault that can be put back, to see whether the simulation finds it. */
export interface Mutant {
  readonly name: string;
  /** What goes wrong because of it. */
  readonly why: string;
  /** The smallest change of the source that puts it back. */
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Below `src`. */
  readonly file: string;
  /** Must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
