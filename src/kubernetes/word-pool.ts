/**
 * A field with more distinct values than this (emails, times, IDs) is no longer looked up. Reasons, condition types and
 * licenses have far fewer.
 */
const LARGEST_VOCABULARY = 64;
/** Our kinds have about a hundred fields. Without a limit, made-up field names could fill the memory. */
const MOST_FIELDS = 1024;

/**
 * Deduplicates equal strings across objects. JSON.parse creates a new string for each value, so 10,000 objects would
 * hold "Enterprise" 35,000 times; such copies were a quarter of their memory.
 */
export class WordPool {
  /** Known values by field name; `null` for a field with too many. */
  readonly #vocabularies = new Map<string, Map<string, string> | null>();

  /** Replaces, in place, strings of a freshly parsed object with equal strings that are already known. */
  share(object: object): void {
    this.#share(object, new Map());
  }

  /** @param own strings of this object: several fields repeat the same email or time */
  #share(parent: object, own: Map<string, string>): void {
    const fields = parent as Record<string, unknown>;
    const inArray = Array.isArray(parent);
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') fields[name] = this.#shared(inArray ? '' : name, value, own);
      else if (typeof value === 'object' && value !== null) this.#share(value, own);
    }
  }

  #shared(field: string, value: string, own: Map<string, string>): string {
    const known = this.#word(field, value) ?? own.get(value);
    if (known !== undefined) return known;
    own.set(value, value);
    return value;
  }

  #word(field: string, value: string): string | undefined {
    let vocabulary = this.#vocabularies.get(field);
    if (vocabulary === null) return undefined;
    if (!vocabulary) {
      if (this.#vocabularies.size >= MOST_FIELDS) return undefined;
      this.#vocabularies.set(field, (vocabulary = new Map()));
    }
    const known = vocabulary.get(value);
    if (known !== undefined) return known;
    if (vocabulary.size >= LARGEST_VOCABULARY) this.#vocabularies.set(field, null);
    else vocabulary.set(value, value);
    return undefined;
  }
}
