/** As much of a schema as a text has to fit in. */
interface FittingSchema {
  readonly maxLength?: number;
  readonly items?: FittingSchema;
  readonly properties?: Readonly<Record<string, FittingSchema>>;
}

/**
 * The status as the API server takes it: each text within its bound, and without half a character. Names come from Asana and
 * from other objects, and one that is too long would keep every other field of the status from being written.
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
 * Cut at a word where one ends in the second half. Half a character, wherever it comes from, is replaced: the API
 * server would replace it too, or refuse it, and the status it returns would never equal ours.
 * @param most in UTF-16 code units, of which a text has no fewer than characters
 */
export function shorten(text: string, most: number): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= most) return wellFormed;
  const cut = wellFormed.slice(0, most - 1);
  const lastSpace = cut.lastIndexOf(' ');
  return `${(lastSpace > most / 2 ? cut.slice(0, lastSpace) : cut).toWellFormed()}…`;
}
