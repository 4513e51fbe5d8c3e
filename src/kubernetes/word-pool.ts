/**
 * Fields with more different values than this are no words of a vocabulary (emails, times, ids): they are not looked
 * up any more. Reasons, condition types and licenses stay far below.
 */
const LARGEST_VOCABULARY = 64;
/** Our kinds have some hundred fields. Whoever could make up names of fields would fill the memory by them. */
const MOST_FIELDS = 1024;

/**
 * Lets equal strings of many objects be one string in memory. JSON.parse makes a new string for each value, so that
 * 10,000 objects hold "Enterprise" 35,000 times: a quarter of their memory was such copies.
 */
export class WordPool {
  /** Values by the field they stand in; null for a field with too many. */
  readonly #vocabularies = new Map<string, Map<string, string> | null>();

  /** Replaces, in place, the strings of a freshly parsed object by equal ones that are known already. */
  share(object: object): void {
    this.#share(object, new Map());
  }

  /** @param own strings of this object: an email and a time stand in several fields of it */
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
