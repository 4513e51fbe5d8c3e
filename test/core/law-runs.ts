/** How many times as often as in `npm test` a law is tried: `LAWS=100 npm test -- test/asana/budget-laws.test.ts`. */
const FACTOR = Number(process.env['LAWS'] ?? 1);

/** One seed that is the same everywhere, for a law in `npm test`; in the long form a new one, whose failure prints it. */
export function lawRuns(runs: number, seed: number): { readonly numRuns: number; readonly seed?: number } {
  return FACTOR === 1 ? { numRuns: runs, seed } : { numRuns: runs * FACTOR };
}
