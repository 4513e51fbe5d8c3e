/** The values that Go's strconv.ParseBool accepts. */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** Parses a boolean like Go's strconv.ParseBool, which Secrets of Go connectors are written for; `null` if invalid. */
export function parseGoBool(text: string): boolean | null {
  return WORDS.get(text) ?? null;
}
