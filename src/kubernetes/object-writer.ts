import type { ClusterClient } from './client.ts';
import { apiVersionOf, type KubernetesObject, leanOf, type Resource } from './resource.ts';
import type { Store } from './store.ts';

/** An object with a status subresource. */
export interface ObjectWithStatus<S> extends KubernetesObject {
  readonly status?: S;
}

/** Writes the status of one kind, and finalizers, and keeps the store abreast of what was written. */
export class ObjectWriter<T extends ObjectWithStatus<unknown>> {
  readonly #client: ClusterClient;
  readonly #resource: Resource;
  readonly #store: Store<T>;
  readonly #fieldManager: string;

  constructor(client: ClusterClient, resource: Resource, store: Store<T>, fieldManager: string) {
    this.#client = client;
    this.#resource = resource;
    this.#store = store;
    this.#fieldManager = fieldManager;
  }

  /**
   * Applies the whole status, server-side, if it differs from what `object` has; returns the object as it is then.
   * It carries the resourceVersion it was computed from, so that a status never speaks of a spec it has not seen.
   * A status that others wrote too (a restored backup, `kubectl edit`) is patched instead: an apply leaves their fields
   * behind, or is refused because half a condition would remain.
   * @throws KubernetesError, Conflict when the object has moved on
   */
  async writeStatus(object: T, status: NonNullable<T['status']>, signal?: AbortSignal): Promise<T> {
    if (isSameJson(status, object.status ?? null)) return object;
    const { namespace, name, uid, resourceVersion, statusShared } = object.metadata;
    if (statusShared) {
      const patch = { metadata: { uid, resourceVersion }, status: mergePatchBetween(object.status, status) };
      return this.#keep(
        await this.#client.patchStatus<T>(this.#resource, namespace, name, patch, this.#fieldManager, signal),
      );
    }
    const body = {
      apiVersion: apiVersionOf(this.#resource),
      kind: this.#resource.kind,
      metadata: { name, namespace, uid, resourceVersion },
      status,
    };
    return this.#keep(
      await this.#client.applyStatus<T>(this.#resource, namespace, name, body, this.#fieldManager, signal),
    );
  }

  /** Adds a finalizer unless it is there. */
  async addFinalizer(object: T, finalizer: string, signal?: AbortSignal): Promise<T> {
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(finalizer)) return object;
    return this.#setFinalizers(object, (others) => [...others, finalizer], signal);
  }

  /** Removes a finalizer if it is there; an object that was being deleted may be gone then. */
  async removeFinalizer(object: T, finalizer: string, signal?: AbortSignal): Promise<T> {
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return object;
    return this.#setFinalizers(object, (all) => all.filter((name) => name !== finalizer), signal);
  }

  /** A merge patch replaces the whole list, so uid and resourceVersion guard the finalizers of others. */
  async #setFinalizers(
    object: T,
    change: (all: readonly string[]) => readonly string[],
    signal?: AbortSignal,
  ): Promise<T> {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const finalizers = change(await this.#readFinalizers(object, signal));
    const patch = { metadata: { uid, resourceVersion, finalizers } };
    return this.#keep(
      await this.#client.mergePatch<T>(this.#resource, namespace, name, patch, this.#fieldManager, signal),
    );
  }

  /** Should the object have moved on meanwhile, the patch is refused. */
  async #readFinalizers({ metadata }: T, signal?: AbortSignal): Promise<readonly string[]> {
    if (!metadata.finalizersLeftOut) return metadata.finalizers ?? [];
    const { namespace, name } = metadata;
    const live = await this.#client.get<T>(this.#resource, namespace, name, signal);
    return live?.metadata.finalizers ?? [];
  }

  /** What was written is what the next reconcile sees; readers are told once the watch has brought it. */
  #keep(written: T): T {
    const lean = leanOf(written, this.#resource);
    const { deletionTimestamp, finalizers = [] } = written.metadata;
    // The last finalizer of a deleted object: it is gone, and the watch will say so.
    if (deletionTimestamp === undefined || finalizers.length > 0) this.#store.putWritten(lean);
    return lean;
  }
}

/** Whether two values are the same as JSON, which has no undefined: such a field is as good as absent. */
function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isSameJson(item, other[index]));
  if (!isRecord(one) || !isRecord(other)) return false;
  for (const name in one) if (!isSameJson(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && one[name] === undefined) return false;
  return true;
}

/** The merge patch (RFC 7386) that makes `from` into `to`: what is gone is null, a list is replaced whole. */
function mergePatchBetween(from: unknown, to: unknown): unknown {
  if (!isRecord(from) || !isRecord(to)) return to;
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(from)) if (to[name] === undefined) patch[name] = null;
  for (const [name, value] of Object.entries(to))
    if (value !== undefined && !isSameJson(value, from[name]))
      patch[name] = mergePatchBetween(from[name], value);
  return patch;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
