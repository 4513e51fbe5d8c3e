import type { DatabaseSync } from 'node:sqlite';
import { BadFileError } from './bad-file.ts';

/** The only sync in a file. */
export interface SyncRun {
  /** KSUID. */
  readonly id: string;
  readonly type: string;
  /** As in the file: UTC or local time, up to nine digits of fraction. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Go omits trailing zeros, and the point if no digits are left. The text still sorts by time. */
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?$/;
const HOUR_MS = 3_600_000;
/** Go writes local time: from twelve hours behind UTC to fourteen hours ahead. */
const FURTHEST_WEST_MS = -12 * HOUR_MS;
const FURTHEST_EAST_MS = 14 * HOUR_MS;
/** Largest accepted difference between two clocks. */
const MOST_OFF_MS = 25 * 60_000;

/**
 * Returns the row of the one sync that a file must hold.
 * @param now epoch milliseconds
 * @throws BadFileError
 */
export function readSyncRun(db: DatabaseSync, now: number): SyncRun {
  const rows = db.prepare('select * from v1_sync_runs').all();
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new BadFileError('v1_sync_runs', `must hold one sync, holds ${rows.length}`);
  const text = (column: string): string => String(row[column] ?? '');
  const id = text('sync_id');
  if (!/^[0-9A-Za-z]{27}$/.test(id)) throw new BadFileError('v1_sync_runs.sync_id', 'must be a KSUID');
  if (row['ended_at'] === null)
    throw new BadFileError('v1_sync_runs.ended_at', 'is missing: the sync is not finished');
  const startedAt = checkTime('v1_sync_runs.started_at', text('started_at'));
  const endedAt = checkTime('v1_sync_runs.ended_at', text('ended_at'));
  if (startedAt > endedAt) throw new BadFileError('v1_sync_runs.ended_at', 'must not be before started_at');
  const ahead = epochOf(endedAt) - now;
  if (ahead < FURTHEST_WEST_MS - MOST_OFF_MS || ahead > FURTHEST_EAST_MS + MOST_OFF_MS)
    throw new BadFileError('v1_sync_runs.ended_at', 'must be about now, in UTC or the time of a zone');
  if (row['grants_backfilled'] !== 1)
    throw new BadFileError('v1_sync_runs.grants_backfilled', 'must be 1, or readers scan all grants first');
  for (const column of ['parent_sync_id', 'linked_sync_id'])
    if (text(column) !== '')
      throw new BadFileError(`v1_sync_runs.${column}`, 'names a sync that is not there');
  return { id, type: text('sync_type'), startedAt, endedAt };
}

function checkTime(column: string, value: string): string {
  if (!TIME.test(value) || Number.isNaN(epochOf(value)))
    throw new BadFileError(
      column,
      'must look like 2026-01-02 03:04:05.060000000, with nine digits of fraction at most',
    );
  return value;
}

function epochOf(value: string): number {
  return Date.parse(`${value.slice(0, 23).replace(' ', 'T')}Z`);
}

/** Checks that every row belongs to the sync and was discovered while it ran. */
export function checkBelongs(db: DatabaseSync, table: string, { id, startedAt, endedAt }: SyncRun): void {
  const strayed = db.prepare(`select count(*) as rows from ${table} where sync_id <> ?`).get(id);
  if (strayed?.['rows'] !== 0)
    throw new BadFileError(`${table}.sync_id`, 'must be that of the sync in every row');
  const early = db
    .prepare(
      `select count(*) as rows from ${table}
       where discovered_at glob '*[^-0-9 :.]*' or discovered_at not between ? and ?`,
    )
    .get(startedAt, endedAt);
  if (early?.['rows'] !== 0)
    throw new BadFileError(`${table}.discovered_at`, 'must be between started_at and ended_at in every row');
}
