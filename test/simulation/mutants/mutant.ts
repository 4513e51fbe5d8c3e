/** A fault that can be put back, to see whether the simulation finds it. */
export interface Mutant {
  readonly name: string;
  /** The rules of the judge that it breaks. A finding of another rule is not its doing: any change moves every story. */
  readonly breaks: readonly string[];
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
