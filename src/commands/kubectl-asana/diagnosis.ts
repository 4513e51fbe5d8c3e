/** The result of one check of `doctor`. */
export interface Finding {
  /** The object of the check, such as `Secret iga/asana-credentials`. */
  readonly what: string;
  readonly state: 'ok' | 'bad' | 'unknown';
  readonly found: string;
  /** What to do; `null` if there is nothing to do. */
  readonly remedy: string | null;
}

export function ok(what: string, found: string): Finding {
  return { what, state: 'ok', found, remedy: null };
}

export function bad(what: string, found: string, remedy: string): Finding {
  return { what, state: 'bad', found, remedy };
}

/** Returns the finding of a check that could not be made. */
export function unknown(what: string, found: string, remedy: string): Finding {
  return { what, state: 'unknown', found, remedy };
}

/** Returns the message of an error, for a finding. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
