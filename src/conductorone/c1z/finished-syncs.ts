import type { DatabaseSync } from 'node:sqlite';
import { ksuidSeconds } from './ksuid.ts';

export interface FinishedSync {
  readonly id: string;
  /** As in `SyncType`, or another writer's. */
  readonly type: string;
  /** The other half of a comparison; empty otherwise. */
  readonly linked: string;
}

/**
 * The finished syncs of a file, the newest first: by the time in their ids, and those of one second by their rows. The
 * times in the rows would not do, since other writers put them in their own zone.
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

/** Of a part of a directory: they say nothing of what they lack. */
const IN_PART: ReadonlySet<string> = new Set(['partial', 'resources_only']);
/** What another tool wrote of how two syncs differ, in pairs. */
const DIFFERENCES: ReadonlySet<string> = new Set(['partial_upserts', 'partial_deletions']);

/**
 * The syncs that make room for another, as the Go SDK chooses them (pkg/dotc1z/c1zstore/cleanup_policy.go): full ones (and
 * what nobody knows) beyond the newest; with these the partial ones before them; of more than one pair of differences all
 * but the newest. What is not finished is somebody else's, who may still go on with it: ours are finished or were never
 * there.
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
