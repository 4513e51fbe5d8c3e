import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { Selection } from '../../conductorone/c1z/selection.ts';
import { addSync, checkTarget } from '../../conductorone/c1z/writer.ts';
import { systemClock } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Settings } from '../baton-settings/settings-table.ts';
import type { Standalone } from './standalone.ts';

/**
 * Reads the directory once and adds it to the file as a sync.
 * @throws AsanaError, RefusedError, C1zError; the file is then unchanged
 */
export async function syncIntoFile(
  settings: Settings,
  { host, model }: Standalone,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  if (settings.skipFullSync) {
    log.info('no sync: skip-full-sync is set');
    return;
  }
  await checkTarget(settings.file);
  const snapshot = await host.readDirectory(signal);
  const { syncId, counts, bytes } = await addSync(settings.file, {
    snapshot,
    settings: model,
    selection: selectionOf(settings),
    tempFolder: tempFolderOf(settings),
    clock: systemClock,
    random: randomBytes,
    signal,
  });
  log.info('sync written', { file: settings.file, syncId, bytes, ...counts });
}

/** Returns the folder for temporary files. */
export function tempFolderOf({ c1zTempDir }: Pick<Settings, 'c1zTempDir'>): string {
  return c1zTempDir ?? tmpdir();
}

export function selectionOf({
  syncResourceTypes,
  syncResources,
  skipEntitlementsAndGrants,
  skipGrants,
}: Pick<
  Settings,
  'syncResourceTypes' | 'syncResources' | 'skipEntitlementsAndGrants' | 'skipGrants'
>): Selection {
  return {
    resourceTypes: syncResourceTypes.length > 0 ? syncResourceTypes : null,
    resources: syncResources.length > 0 ? syncResources.map(resourceOf) : null,
    entitlements: !skipEntitlementsAndGrants,
    grants: !skipEntitlementsAndGrants && !skipGrants,
  };
}

/** Returns `team:501` for `bid:r:team/501` and for `bid:r:workspace/1200/team/501`, which also names the parent. */
function resourceOf(bid: string): string {
  const [type, id] = bid.split(':').slice(2).join(':').split('/').slice(-2);
  return `${type}:${id}`;
}
