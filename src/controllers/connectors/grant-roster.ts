/** A grant as the limits on removals count it. */
export interface RosterEntry {
  readonly uid: string;
  /** The organization and the gid, as demands name them; null while it is not known whom the grant means. */
  readonly person: string | null;
  /** A right is recorded in its status. */
  readonly applied: boolean;
}

/** One that was there when the session was opened. */
export interface ExistingGrant extends RosterEntry {
  /** It is decided here: before it was, nobody knows how many removals are wanted. */
  readonly ours: boolean;
}
