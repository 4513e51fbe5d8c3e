/** A fault that can be put back to see whether the simulation finds it. */
export interface Mutant {
  readonly name: string;
  /** The rules of the judge that it breaks. Findings of other rules do not count: any change alters every story. */
  readonly breaks: readonly string[];
  /** The consequence of the fault. */
  readonly why: string;
  /** The smallest change of the source that puts it back. */
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Relative to `src`. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
