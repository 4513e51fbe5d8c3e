/** Returns the text of a YAML scalar; `null` for lists, mappings and null. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const isPlain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? String(value) : null;
}
