import type { Grant } from './grant.ts';

/**
 * Why a grant may not last as long as it says; null when it may. What never ends, or ends later than `maxDurationMs` after it
 * begins (now, where that is not known yet), is too long. To declare an absence has no length.
 */
export function describeTime(grant: Grant, maxDurationMs: number | null, now: number): string | null {
  if (maxDurationMs === null || grant.ensure === 'Absent') return null;
  const limit = `provisioning.maxDuration of the connector allows ${describeSpan(maxDurationMs)}`;
  if (grant.deletionPolicy === 'Retain')
    return `${limit}, and with deletionPolicy Retain nothing is revoked at the end. Set deletionPolicy to Revoke.`;
  const begins = beginningOf(grant.startsAt, beganAt(grant)) ?? now;
  const lasts = grant.durationMs ?? (grant.endsAt === null ? null : grant.endsAt - begins);
  if (lasts === null) return `${limit}, and this grant does not end. Set expiresAt or duration.`;
  if (lasts <= maxDurationMs) return null;
  return `${limit}, and this grant lasts ${describeSpan(lasts)}. Set an earlier expiresAt, or a shorter duration.`;
}

/**
 * When a grant begins: at `startsAt`, else when it was first applied. What is applied has begun, so that a `startsAt` which
 * moves past that moves nothing. Null where neither is known.
 */
export function beginningOf(startsAt: number | null, appliedAt: number | null): number | null {
  if (startsAt === null || appliedAt === null) return startsAt ?? appliedAt;
  return Math.min(startsAt, appliedAt);
}

/** When the grant began to hold its right, epoch milliseconds; null before. */
export function beganAt({ applied }: Pick<Grant, 'applied'>): number | null {
  if (!applied || applied.at === '') return null;
  const at = Date.parse(applied.at);
  return Number.isNaN(at) ? null : at;
}

function describeSpan(ms: number): string {
  const hours = ms / 3_600_000;
  return hours >= 1 ? `${Math.round(hours * 10) / 10} h` : `${Math.round(ms / 60_000)} min`;
}
