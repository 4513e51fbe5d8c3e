/** Multiplies the runs of each law: `LAWS=100 npm test -- test/asana/budget-laws.test.ts`. `npm test` uses 1. */
const FACTOR = Number(process.env['LAWS'] ?? 1);

/**
 * Returns fast-check's options: the number of runs, and in `npm test` a fixed seed. Without a seed, or with LAWS above
 * 1, fast-check draws a new seed, which a failure prints.
 */
export function lawRuns(runs: number, seed?: number): { readonly numRuns: number; readonly seed?: number } {
  return { numRuns: runs * FACTOR, ...(seed === undefined || FACTOR > 1 ? {} : { seed }) };
}
