/** Formats a `metav1.MicroTime`: six digits, since the API server answers 400 to the three of toISOString. */
export function formatMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
