import type { ResourceId } from '../generated/c1/connector/v2/resource_pb.ts';

/** The part of a directory that a sync contains: the options of a full-sync task. */
export interface Selection {
  /** Resource type ids; `null` for all. */
  readonly resourceTypes: readonly string[] | null;
  /** Only these resources, as `type:id`, with their entitlements and grants; `null` for all. */
  readonly resources: readonly string[] | null;
  readonly entitlements: boolean;
  readonly grants: boolean;
}

export const everything: Selection = {
  resourceTypes: null,
  resources: null,
  entitlements: true,
  grants: true,
};

/** The type of a sync in the file. Readers show only `full` ones as the state of a connector. */
export type SyncType = 'full' | 'partial' | 'resources_only';

export function syncTypeOf({ resources, entitlements, grants }: Selection): SyncType {
  if (resources) return 'partial';
  return entitlements || grants ? 'full' : 'resources_only';
}

/** Returns the id of a resource's row. */
export function resourceKey({
  resourceType,
  resource,
}: Pick<ResourceId, 'resourceType' | 'resource'>): string {
  return `${resourceType}:${resource}`;
}

/** Decides which resources are selected. */
export class Selector {
  readonly #types: ReadonlySet<string> | null;
  readonly #resources: ReadonlySet<string> | null;

  constructor({ resourceTypes, resources }: Selection) {
    this.#types = resourceTypes && new Set(resourceTypes);
    this.#resources = resources && new Set(resources);
  }

  type(id: string): boolean {
    return this.#types?.has(id) ?? true;
  }

  resource(id: Pick<ResourceId, 'resourceType' | 'resource'>): boolean {
    return this.type(id.resourceType) && (this.#resources?.has(resourceKey(id)) ?? true);
  }
}
