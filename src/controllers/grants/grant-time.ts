import { durationMs } from '../../api/duration.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { Ending } from '../../provisioning/grant.ts';
import { beginningOf } from '../../provisioning/time.ts';

/**
 * When a grant ends, epoch milliseconds; null for never, or not known yet. A `duration` runs from when the grant was first
 * applied; once that is recorded, only an edit of the duration moves the end, and it keeps its beginning.
 */
export function endOf({ spec, status }: GrantObject): number | null {
  if (spec.expiresAt !== undefined) return Date.parse(spec.expiresAt);
  if (spec.duration === undefined) return null;
  const lasts = durationMs(spec.duration);
  const began = firstAppliedAt(status);
  return began === null ? null : began + lasts;
}

/** When a grant with a duration was first applied: by its recorded end, which outlives `applied`. */
function firstAppliedAt(status: GrantObject['status']): number | null {
  if (status?.expiresAt !== undefined && status.endDuration !== undefined)
    return Date.parse(status.expiresAt) - durationMs(status.endDuration);
  return status?.applied ? Date.parse(status.applied.at) : null;
}

/** What the status says of the end: the instant, since when it says so, and the duration it was computed from. */
export function endFields(
  object: GrantObject,
  now: number,
): Pick<NonNullable<GrantObject['status']>, 'expiresAt' | 'endSetAt' | 'endDuration'> {
  const end = endOf(object);
  if (end === null) return {};
  const before = object.status;
  // As the user wrote it: two spellings of one instant are no difference.
  const expiresAt = object.spec.expiresAt ?? formatTime(end);
  const same = before?.expiresAt === expiresAt && before.endSetAt !== undefined;
  const { duration } = object.spec;
  return {
    expiresAt,
    endSetAt: same && before.endSetAt !== undefined ? before.endSetAt : formatTime(now),
    ...(duration === undefined ? {} : { endDuration: duration }),
  };
}

/** Deletion outranks expiry: an expired object that is deleted ends because it was deleted. */
export function endingOf(object: GrantObject, now: number): Ending | null {
  const { deletionTimestamp } = object.metadata;
  if (deletionTimestamp) return { because: 'Deleted', at: Date.parse(deletionTimestamp) };
  const end = endOf(object);
  return end !== null && end <= now ? { because: 'Expired', at: end } : null;
}

/** The longest time before its end at which a grant tells that it ends. */
const LONGEST_NOTICE_MS = 72 * 3600_000;

/** When a grant tells that it ends soon: a tenth of its time before, and 72 h at most; null for one that is not to tell. */
export function noticeAt(object: GrantObject): number | null {
  const { spec, status } = object;
  const end = endOf(object);
  if (end === null || !status?.applied || status.expiresSoonToldAt !== undefined) return null;
  const startsAt = spec.startsAt === undefined ? null : Date.parse(spec.startsAt);
  const began = beginningOf(startsAt, Date.parse(status.applied.at));
  return end - Math.min(LONGEST_NOTICE_MS, Math.max(0, (end - began) / 10));
}

/**
 * Milliseconds until time changes what is to be done for a grant in force: the beginning, the notice of the end, or the end;
 * 1 for an end that has passed since it was decided; null for none.
 */
export function untilNextInstant(object: GrantObject, now: number): number | null {
  const { startsAt } = object.spec;
  const coming = [startsAt === undefined ? null : Date.parse(startsAt), noticeAt(object)].filter(
    (at) => at !== null && at > now,
  );
  const instants = [...coming, endOf(object)].filter((at) => at !== null);
  return instants.length === 0 ? null : Math.max(1, Math.min(...instants) - now);
}

/**
 * An end that comes when it was said to since the grant was first applied, and no more than a window late, surprises
 * nobody: it counts towards no limit.
 */
export function endsOnTime(
  { status }: GrantObject,
  ending: Ending | null,
  windowMs: number,
  now: number,
): boolean {
  if (ending?.because !== 'Expired' || !status?.applied || status.endSetAt === undefined) return false;
  // An edit that has just moved the end is in no status yet.
  if (Date.parse(status.expiresAt ?? '') !== ending.at) return false;
  return Date.parse(status.endSetAt) <= Date.parse(status.applied.at) && now - ending.at <= windowMs;
}
