import type { MissingRight, ReviewRow, ReviewSummary } from './review-row.ts';

/** A right that ends within this time ends soon. */
export const SOON_MS = 14 * 24 * 3600_000;

/**
 * Computes the counts at the top of a review.
 * @param now epoch milliseconds
 */
export function summarize(
  rows: readonly ReviewRow[],
  missing: readonly MissingRight[],
  now: number,
): ReviewSummary {
  const seats = rows.filter(isSeat);
  return {
    people: countPeople(rows),
    seats: seats.length,
    viewOnlyLicenses: rows.filter(({ right, value }) => right === 'License' && value === 'ViewOnly').length,
    unmanagedSeats: seats.filter(({ source }) => source === 'Unmanaged' || source === 'Released').length,
    guests: countPeople(rows.filter(({ guest }) => guest)),
    endingSoon: rows.filter(({ until }) => endsSoon(until, now)).length,
    drift: rows.filter(({ drift }) => drift !== null).length,
    protected: countPeople(rows.filter((row) => row.protected !== null)),
    missing: missing.length,
  };
}

/** Whether an end comes within 14 days, or has passed while the right still exists. */
export function endsSoon(until: string | null, now: number): boolean {
  return until !== null && Date.parse(until) - now <= SOON_MS;
}

function isSeat({ right, value }: ReviewRow): boolean {
  return right === 'License' && value === 'Enterprise';
}

function countPeople(rows: readonly ReviewRow[]): number {
  return new Set(rows.map(({ account }) => account)).size;
}
