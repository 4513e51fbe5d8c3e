/** What a single value of YAML reads as; null for lists, mappings and nothing. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const isPlain = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  return isPlain ? String(value) : null;
}
