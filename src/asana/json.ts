/** A JSON object: not null, not a list. Its fields are unknown until looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for an object of JSON, false for null, lists and everything simple. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
