/** What a check of `doctor` found. */
export interface Finding {
  /** What was looked at: `Secret iga/asana-credentials`. */
  readonly what: string;
  readonly state: 'ok' | 'bad' | 'unknown';
  readonly found: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

export function ok(what: string, found: string): Finding {
  return { what, state: 'ok', found, remedy: null };
}

export function bad(what: string, found: string, remedy: string): Finding {
  return { what, state: 'bad', found, remedy };
}

/** What could not be looked at. */
export function unknown(what: string, found: string, remedy: string): Finding {
  return { what, state: 'unknown', found, remedy };
}

/** The sentence of an error, for a finding. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
