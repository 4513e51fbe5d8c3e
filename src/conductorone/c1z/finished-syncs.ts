import type { DatabaseSync } from 'node:sqlite';
import { ksuidSeconds } from './ksuid.ts';

export interface FinishedSync {
  readonly id: string;
  /** As in `SyncType`, or another writer's. */
  readonly type: string;
  /** The id of the other sync of a pair of differences; empty otherwise. */
  readonly linked: string;
}

/**
 * Returns the finished syncs of a file, newest first: by the time in their ids and, within one second, by row. The
 * times in the rows cannot be compared, since other writers use their own time zone.
 */
export function finishedSyncs(db: DatabaseSync): FinishedSync[] {
  const rows = db
    .prepare(
      'select sync_id, sync_type, linked_sync_id from v1_sync_runs where ended_at is not null order by id desc',
    )
    .all();
  const syncs = rows.map(({ sync_id: id, sync_type: type, linked_sync_id: linked }) => ({
    id: String(id),
    type: String(type),
    linked: String(linked),
  }));
  return syncs.sort((one, other) => begunAt(other) - begunAt(one));
}

/** Types of syncs of a part of a directory: what they lack may still exist. */
const IN_PART: ReadonlySet<string> = new Set(['partial', 'resources_only']);
/** Types of syncs in which another tool recorded, in pairs, how two syncs differ. */
const DIFFERENCES: ReadonlySet<string> = new Set(['partial_upserts', 'partial_deletions']);

/**
 * Returns the syncs to remove before another is added, as the Go SDK chooses them
 * (pkg/dotc1z/c1zstore/cleanup_policy.go): full ones (and those of unknown type) beyond the newest `keptFull`, the
 * partial ones older than the newest of these, and all but the newest pair of differences. Unfinished syncs stay: they
 * belong to another writer, which may still continue them; ours are finished or absent.
 * @param finished the newest first
 */
export function oldSyncs(finished: readonly FinishedSync[], keptFull: number): string[] {
  const full = finished.filter(({ type }) => !IN_PART.has(type) && !DIFFERENCES.has(type));
  const old = full.slice(keptFull);
  const [newestOld] = old;
  const before = newestOld === undefined ? [] : finished.slice(finished.indexOf(newestOld));
  const differences = finished.filter(({ type }) => DIFFERENCES.has(type));
  const [newest] = differences;
  const replaced =
    differences.length <= 2 ? [] : differences.filter(({ id }) => id !== newest?.id && id !== newest?.linked);
  return [...old, ...before.filter(({ type }) => IN_PART.has(type)), ...replaced].map(({ id }) => id);
}

function begunAt({ id }: FinishedSync): number {
  return ksuidSeconds(id) ?? 0;
}
