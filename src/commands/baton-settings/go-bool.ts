/** What Go's strconv.ParseBool takes, and nothing else. */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** A boolean as Go's strconv.ParseBool reads it; null for what is none. The Secrets of Go connectors are written so. */
export function parseGoBool(text: string): boolean | null {
  return WORDS.get(text) ?? null;
}
