import { durationMs } from '../../api/duration.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { formatTime } from '../../core/clock.ts';
import type { Ending } from '../../provisioning/grant.ts';
import { beginningOf } from '../../provisioning/time.ts';

/**
 * Returns when a grant ends, in epoch milliseconds; `null` for never, or if it is not known yet. A `duration` runs from
 * when the grant was first applied; once that is recorded, only an edit of the duration moves the end, and never the
 * beginning.
 */
export function endOf({ spec, status }: GrantObject): number | null {
  if (spec.expiresAt !== undefined) return Date.parse(spec.expiresAt);
  if (spec.duration === undefined) return null;
  const lasts = durationMs(spec.duration);
  const began = firstAppliedAt(status);
  return began === null ? null : began + lasts;
}

/** Returns when a grant with a duration was first applied, from its recorded end, which outlives `applied`. */
function firstAppliedAt(status: GrantObject['status']): number | null {
  if (status?.expiresAt !== undefined && status.endDuration !== undefined)
    return Date.parse(status.expiresAt) - durationMs(status.endDuration);
  return status?.applied ? Date.parse(status.applied.at) : null;
}

/** Returns the status fields of the end: its time, when that was set, and the duration that it was computed from. */
export function endFields(
  object: GrantObject,
  now: number,
): Pick<NonNullable<GrantObject['status']>, 'expiresAt' | 'endSetAt' | 'endDuration'> {
  const end = endOf(object);
  if (end === null) return {};
  const before = object.status;
  // As the user wrote it, so that spec and status spell the time alike.
  const expiresAt = object.spec.expiresAt ?? formatTime(end);
  // An edit that only spells the same time differently does not move the end.
  const same = before?.endSetAt !== undefined && Date.parse(before.expiresAt ?? '') === end;
  const { duration } = object.spec;
  return {
    expiresAt,
    endSetAt: same && before.endSetAt !== undefined ? before.endSetAt : formatTime(now),
    ...(duration === undefined ? {} : { endDuration: duration }),
  };
}

/** Returns why a grant has ended; `null` while it is in force. Deletion takes precedence over expiry. */
export function endingOf(object: GrantObject, now: number): Ending | null {
  const { deletionTimestamp } = object.metadata;
  if (deletionTimestamp) return { because: 'Deleted', at: Date.parse(deletionTimestamp) };
  const end = endOf(object);
  return end !== null && end <= now ? { because: 'Expired', at: end } : null;
}

/** The longest time before its end at which a grant reports that it ends soon. */
const LONGEST_NOTICE_MS = 72 * 3600_000;

/** Returns when to report a near end: a tenth of the lifetime before it, 72 h at most; `null` if it is not reported. */
export function noticeAt(object: GrantObject): number | null {
  const { spec, status } = object;
  const end = endOf(object);
  if (end === null || !status?.applied || status.expiresSoonToldAt !== undefined) return null;
  const startsAt = spec.startsAt === undefined ? null : Date.parse(spec.startsAt);
  const began = beginningOf(startsAt, Date.parse(status.applied.at));
  return end - Math.min(LONGEST_NOTICE_MS, Math.max(0, (end - began) / 10));
}

/**
 * Returns the milliseconds until the next time at which a grant in force needs attention: its beginning, the notice of
 * its end, or its end; 1 for an end that has passed since the decision; `null` for none.
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
 * Whether a grant ended at the time that its status has shown since it was first applied, at most one window ago. Such
 * an end is expected and counts towards no limit.
 */
export function endsOnTime(
  { status }: GrantObject,
  ending: Ending | null,
  windowMs: number,
  now: number,
): boolean {
  if (ending?.because !== 'Expired' || !status?.applied || status.endSetAt === undefined) return false;
  // An edit that has just moved the end is not in the status yet.
  if (Date.parse(status.expiresAt ?? '') !== ending.at) return false;
  return Date.parse(status.endSetAt) <= Date.parse(status.applied.at) && now - ending.at <= windowMs;
}
