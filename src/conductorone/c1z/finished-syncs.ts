import type { DatabaseSync } from 'node:sqlite';
import { ksuidSeconds } from './ksuid.ts';

export interface FinishedSync {
  readonly id: string;
  /** As in `SyncType`, or another writer's. */
  readonly type: string;
}

/**
 * The finished syncs of a file, the newest first: by the time in their ids, and those of one second by their rows. The
 * times in the rows would not do, since other writers put them in their own zone.
 */
export function finishedSyncs(db: DatabaseSync): FinishedSync[] {
  const rows = db
    .prepare('select sync_id, sync_type from v1_sync_runs where ended_at is not null order by id desc')
    .all();
  const syncs = rows.map(({ sync_id: id, sync_type: type }) => ({ id: String(id), type: String(type) }));
  return syncs.sort((one, other) => begunAt(other) - begunAt(one));
}

function begunAt({ id }: FinishedSync): number {
  return ksuidSeconds(id) ?? 0;
}
