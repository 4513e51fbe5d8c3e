import type { Grant } from './grant.ts';
import { isSameRight } from './right.ts';

/**
 * Why a grant may not last as long as it says; null when it may. What never ends, or ends later than `maxDurationMs` after it
 * begins (now, where that is not known yet), is too long. To declare an absence has no length.
 */
export function describeTooLong(grant: Grant, maxDurationMs: number | null, now: number): string | null {
  if (maxDurationMs === null || grant.ensure === 'Absent') return null;
  const limit = `provisioning.maxDuration of the connector allows ${describeSpan(maxDurationMs)}`;
  if (grant.deletionPolicy === 'Retain')
    return `${limit}, and with deletionPolicy Retain nothing is revoked at the end. Set deletionPolicy to Revoke.`;
  const applied = beganAt(grant);
  const begins = applied === null ? (grant.startsAt ?? now) : beginningOf(grant.startsAt, applied);
  const lasts = grant.durationMs ?? (grant.endsAt === null ? null : grant.endsAt - begins);
  if (lasts === null) return `${limit}, and this grant does not end. Set expiresAt or duration.`;
  if (lasts <= maxDurationMs) return null;
  return `${limit}, and this grant lasts ${describeSpan(lasts)}. Set an earlier expiresAt, or a shorter duration.`;
}

/**
 * When a grant that is applied began: at `startsAt`, else when it was first applied. A `startsAt` that has moved past that
 * moves nothing.
 */
export function beginningOf(startsAt: number | null, appliedAt: number): number {
  return Math.min(startsAt ?? appliedAt, appliedAt);
}

/**
 * Whether what a grant declares has begun, wherever `startsAt` has moved since: it is what was applied. An edit to another license,
 * or to an absence, which is never applied, begins at `startsAt`.
 */
export function hasBegun({ ensure, wish, applied }: Pick<Grant, 'ensure' | 'wish' | 'applied'>): boolean {
  if (applied === null || ensure === 'Absent') return false;
  return wish.type !== 'License' || isSameRight(wish, applied.right);
}

/** Whether what a grant declares begins later than `now` (epoch milliseconds). */
export function isPostponed(
  grant: Pick<Grant, 'startsAt' | 'ensure' | 'wish' | 'applied'>,
  now: number,
): boolean {
  return grant.startsAt !== null && grant.startsAt > now && !hasBegun(grant);
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
