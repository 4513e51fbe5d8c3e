import type { Grant } from './grant.ts';
import { isSameRight } from './right.ts';

/**
 * Returns why a grant lasts longer than `maxDurationMs` allows; `null` if it does not. A grant is too long if it never
 * ends, revokes nothing at its end, or ends too long after its beginning (now, if that is not known yet). The
 * declaration of an absence has no length.
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
 * Returns when an applied grant began: at `startsAt`, or when it was first applied if that is earlier or there is no
 * `startsAt`.
 */
export function beginningOf(startsAt: number | null, appliedAt: number): number {
  return Math.min(startsAt ?? appliedAt, appliedAt);
}

/**
 * Whether what a grant declares has begun: it is what was applied, even if `startsAt` has moved since. After an edit to
 * another license, or to an absence, which is never applied, the grant begins at `startsAt`.
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

/** Returns when the grant began to hold its right, epoch milliseconds; `null` before that. */
export function beganAt({ applied }: Pick<Grant, 'applied'>): number | null {
  if (!applied || applied.at === '') return null;
  const at = Date.parse(applied.at);
  return Number.isNaN(at) ? null : at;
}

function describeSpan(ms: number): string {
  const hours = ms / 3_600_000;
  return hours >= 1 ? `${Math.round(hours * 10) / 10} h` : `${Math.round(ms / 60_000)} min`;
}
