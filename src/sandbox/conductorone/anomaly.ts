import type { FileCounts } from './synced-file.ts';

/** Smaller counts are ignored, because they halve easily. */
const FEWEST = 4;

/**
 * Finds the counts that fell so far (by about half) that ConductorOne holds the sync until an administrator accepts it.
 * @param percent the smallest fall that is held
 * @returns the counts that fell, or null
 */
export function findAnomaly(before: FileCounts, after: FileCounts, percent: number): string | null {
  const fallen = (what: string, from: number, to: number): string | null =>
    from >= FEWEST && from - to >= (from * percent) / 100 ? `${what} fell from ${from} to ${to}` : null;
  const counts: [string, number, number][] = [
    ...Object.entries(before.resources).map(([type, count]): [string, number, number] => [
      `${type} resources`,
      count,
      after.resources[type] ?? 0,
    ]),
    ['entitlements', before.entitlements, after.entitlements],
    ['grants', before.grants, after.grants],
  ];
  const found = counts.map((count) => fallen(...count)).filter((fall) => fall !== null);
  return found.length === 0 ? null : found.join(', ');
}
