const UNITS_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** One or more numbers, each with a unit (h, m, s or ms), in any order, as in Go's time.ParseDuration. */
const DURATION = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/;

/**
 * Parses a Go duration (`90s`, `1h30m`, `0s`) into milliseconds; returns `null` if it is not valid. Days are not a unit
 * in Go or in CEL's `duration()`. Signs, bare numbers other than 0, and more than 2^53 - 1 ms are rejected.
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

/** Returns the milliseconds of a duration that the API server has validated. @throws RangeError if it is not valid */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new RangeError(`"${text}" is not a duration: use a value such as 30s, 5m or 1h30m`);
  return ms;
}

/** Formats a duration for people: `1h30m` or `45s` in whole seconds, and below 10 s in tenths, such as `1.2s`. */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${Math.round(ms / 100) / 10}s`;
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return parts.map((amount, i) => (amount > 0 ? `${amount}${'hms'[i]}` : '')).join('');
}
