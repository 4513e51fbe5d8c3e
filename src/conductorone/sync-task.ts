import type { Clock } from '../core/clock.ts';
import { InvalidInputError } from '../core/errors.ts';
import { resourceKey, type Selection } from './c1z/selection.ts';
import { type WrittenSync, writeC1z } from './c1z/writer.ts';
import type { BatonClient } from './client.ts';
import type { Task_SyncFullTask } from './generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { ModelSettings } from './model.ts';
import { resourceTypes } from './resource-types.ts';
import type { TaskHost } from './task-host.ts';

export type SyncOptions = Pick<
  Task_SyncFullTask,
  'skipEntitlementsAndGrants' | 'skipGrants' | 'targetedSyncResources' | 'syncResourceTypeIds'
>;

/**
 * Returns the part of the directory that a sync task asks for. The task's other options have no effect: no grant of
 * this connector can be expanded, and readers do not depend on the requested storage engine.
 *
 * A targeted resource that does not exist (any more) is not an error: the file lacks it, as in the Go SDK. Types that
 * this connector does not have are ignored too, but a file without any type would mean that everything is gone.
 * @throws InvalidInputError if none of the requested types is known, or a targeted resource has no id
 */
export function selectionOf(
  options: SyncOptions,
  settings: Pick<ModelSettings, 'licenses'> & { readonly resourceTypes?: readonly string[] | undefined },
): Selection {
  const { targetedSyncResources } = options;
  const { resourceTypes: ownTypes = [] } = settings;
  const asked = options.syncResourceTypeIds;
  // A targeted sync reads its resources whatever their type: the connector's own types do not restrict it.
  const fallback = targetedSyncResources.length > 0 ? [] : ownTypes;
  const typeIds = asked.length > 0 ? asked : fallback;
  const entitlements = !options.skipEntitlementsAndGrants;
  return {
    resourceTypes: typeIds.length > 0 ? knownTypes(typeIds, settings) : null,
    resources:
      targetedSyncResources.length > 0
        ? targetedSyncResources.map(({ id }) => {
            if (id && id.resourceType !== '' && id.resource !== '') return resourceKey(id);
            throw new InvalidInputError('targeted_sync_resources', 'a resource without id cannot be synced');
          })
        : null,
    entitlements,
    grants: entitlements && !options.skipGrants,
  };
}

function knownTypes(ids: readonly string[], settings: Pick<ModelSettings, 'licenses'>): readonly string[] {
  const all = resourceTypes(settings).map(({ id }) => id);
  const known = ids.filter((id) => all.includes(id));
  if (known.length > 0) return known;
  throw new InvalidInputError(
    'sync_resource_type_ids',
    `this connector supports only the types ${all.join(', ')}: correct the resource types of the connector in ConductorOne${settings.licenses ? '' : ' (licenses require SCIM)'}`,
  );
}

export interface SyncTaskOptions {
  readonly client: Pick<BatonClient, 'uploadAsset'>;
  readonly host: Pick<TaskHost, 'readDirectory'>;
  readonly taskId: string;
  readonly selection: Selection;
  readonly settings: ModelSettings;
  readonly tempFolder: string;
  readonly clock: Clock;
  readonly randomBytes: (bytes: number) => Uint8Array;
  readonly signal: AbortSignal;
}

export interface UploadedSync extends WrittenSync {
  /** Duration of the upload alone. */
  readonly uploadSeconds: number;
}

/**
 * Reads the directory, writes it into a c1z and uploads the file, which is removed in any case.
 * @throws RefusedError, AsanaError, C1zError, ConductorOneError; the signal's reason when it aborts
 */
export async function uploadDirectory(options: SyncTaskOptions): Promise<UploadedSync> {
  const { client, host, taskId, selection, settings, tempFolder, clock, randomBytes, signal } = options;
  const snapshot = await host.readDirectory(signal);
  await using file = await writeC1z({
    snapshot,
    settings,
    selection,
    tempFolder,
    clock,
    random: randomBytes,
    signal,
  });
  const begun = clock.monotonic();
  await client.uploadAsset(taskId, file, signal);
  const { syncId, counts, bytes } = file;
  return { syncId, counts, bytes, uploadSeconds: (clock.monotonic() - begun) / 1000 };
}
