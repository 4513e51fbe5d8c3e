/** `metav1.MicroTime` as the API server takes it: exactly six digits; with the three of toISOString it answers 400. */
export function formatMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
