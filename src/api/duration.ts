const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** One or more numbers with a unit, largest unit first or in any order, as Go's time.ParseDuration takes them. */
const DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/;

/**
 * Milliseconds of a Go duration (`90s`, `1h30m`, `0s`); null when it is none. Days are no unit in Go nor in CEL's
 * `duration()`, and neither a sign nor a bare number other than 0 is taken; nor is what no number holds exactly.
 */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (!DURATION.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    total += Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
  }
  const ms = Math.round(total);
  return Number.isSafeInteger(ms) ? ms : null;
}

/** Milliseconds of a duration the API server has already checked. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new RangeError(`"${text}" is not a duration: use a value such as 30s, 5m or 1h30m`);
  return ms;
}

/** A duration for people, in whole units: `1h30m`, `45s`, `1.2s`. */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${Math.round(ms / 100) / 10}s`;
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return parts.map((amount, i) => (amount > 0 ? `${amount}${'hms'[i]}` : '')).join('');
}
