import type { Task_SyncFullTask as SyncFullTask } from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { BadFileError } from './bad-file.ts';
import type { SyncedFile } from './synced-file.ts';

/** Whether a sync covers everything: only such a sync shows which objects are gone. */
export function isWhole({
  skipEntitlementsAndGrants,
  skipGrants,
  targetedSyncResources,
  syncResourceTypeIds,
}: SyncFullTask): boolean {
  return (
    !skipEntitlementsAndGrants &&
    !skipGrants &&
    targetedSyncResources.length === 0 &&
    syncResourceTypeIds.length === 0
  );
}

/**
 * Checks a file against the options of its task.
 * @throws BadFileError
 */
export function fitsTask({ run, counts }: SyncedFile, options: SyncFullTask): void {
  const { skipEntitlementsAndGrants, skipGrants, targetedSyncResources, syncResourceTypeIds } = options;
  const targeted = targetedSyncResources.length > 0;
  const type = targeted ? 'partial' : skipEntitlementsAndGrants ? 'resources_only' : 'full';
  if (run.type !== type)
    throw new BadFileError('v1_sync_runs.sync_type', `must be ${type} for this task, is ${run.type}`);
  if (skipEntitlementsAndGrants && counts.entitlements > 0)
    throw new BadFileError('v1_entitlements', 'must be empty: the task skips entitlements');
  if ((skipEntitlementsAndGrants || skipGrants) && counts.grants > 0)
    throw new BadFileError('v1_grants', 'must be empty: the task skips grants');
  const stray = Object.keys(counts.resources).find(
    (found) => syncResourceTypeIds.length > 0 && !syncResourceTypeIds.includes(found),
  );
  if (stray !== undefined)
    throw new BadFileError('v1_resources', `must hold only what the task names, and not ${stray} resources`);
  const resources = Object.values(counts.resources).reduce((sum, count) => sum + count, 0);
  if (targeted && resources > targetedSyncResources.length)
    throw new BadFileError('v1_resources', 'must hold only the resources that the task names');
}
