/**
 * Formats a time for the tables of a c1z: UTC, always with nine fractional digits, since readers compare it as text.
 * @param now epoch milliseconds
 */
export function formatSqlTime(now: number): string {
  return new Date(now).toISOString().replace('T', ' ').replace('Z', '000000');
}
