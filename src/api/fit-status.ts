/** The parts of a schema that bound the length of texts. */
interface FittingSchema {
  readonly maxLength?: number;
  readonly items?: FittingSchema;
  readonly properties?: Readonly<Record<string, FittingSchema>>;
}

/**
 * Returns the status as the API server accepts it: each text within its bound and without lone surrogates. Names come
 * from Asana and from other objects; a single one that is too long would prevent the whole status from being written.
 */
export function fitStatus<T>(schema: object, status: T): T {
  return fit(schema, status) as T;
}

function fit(schema: FittingSchema, value: unknown): unknown {
  if (typeof value === 'string') return shorten(value, schema.maxLength ?? Number.POSITIVE_INFINITY);
  if (Array.isArray(value)) return schema.items ? value.map((item) => fit(schema.items ?? {}, item)) : value;
  if (typeof value !== 'object' || value === null || !schema.properties) return value;
  const fitted: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) fitted[name] = fit(schema.properties[name] ?? {}, field);
  return fitted;
}

/**
 * Shortens a text, at the end of a word if one ends in the second half. Replaces lone surrogates: the API server would
 * replace or reject them, and the status that it returns would never equal ours.
 * @param most in UTF-16 code units, of which a text has at least as many as characters
 */
export function shorten(text: string, most: number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= most) return wellFormed;
  const cut = wellFormed.slice(0, most - 1);
  const lastSpace = cut.lastIndexOf(' ');
  return `${(lastSpace > most / 2 ? cut.slice(0, lastSpace) : cut).toWellFormed()}…`;
}
