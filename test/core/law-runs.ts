/** How many times as often as in `npm test` a law is tried: `LAWS=100 npm test -- test/asana/budget-laws.test.ts`. */
const FACTOR = Number(process.env['LAWS'] ?? 1);

/**
 * What fast-check is told: how often a law is tried, and for `npm test` a seed that is the same everywhere. Without one,
 * and in the long form, it draws a new one, which a failure prints.
 */
export function lawRuns(runs: number, seed?: number): { readonly numRuns: number; readonly seed?: number } {
  return { numRuns: runs * FACTOR, ...(seed === undefined || FACTOR > 1 ? {} : { seed }) };
}
