import type { ClusterClient } from './client.ts';
import { apiVersionOf, type KubernetesObject, leanOf, type Resource } from './resource.ts';
import type { Store } from './store.ts';

/** An object with a status subresource. */
export interface ObjectWithStatus<S> extends KubernetesObject {
  readonly status?: S;
}

/** Writes statuses and finalizers of one kind, and puts what it wrote into the store. */
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
   * Applies the whole status, server-side, if it differs from that of `object`. Returns the resulting object. The
   * request carries the resourceVersion that the status was computed from, so a status never describes a spec it has
   * not seen. A status that others wrote too (a restored backup, `kubectl edit`) is patched instead: an apply would
   * leave their fields behind, or be rejected because half a condition would remain.
   * @throws KubernetesError, Conflict if the object has changed since
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

  /** Adds a finalizer if it is absent. */
  async addFinalizer(object: T, finalizer: string, signal?: AbortSignal): Promise<T> {
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(finalizer)) return object;
    return this.#setFinalizers(object, (others) => [...others, finalizer], signal);
  }

  /** Removes a finalizer if it is present. An object that was being deleted may be gone afterwards. */
  async removeFinalizer(object: T, finalizer: string, signal?: AbortSignal): Promise<T> {
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return object;
    return this.#setFinalizers(object, (all) => all.filter((name) => name !== finalizer), signal);
  }

  /** Replaces the whole list by merge patch; uid and resourceVersion protect the finalizers of others. */
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

  /** Returns all finalizers. If the object changes meanwhile, the patch is rejected. */
  async #readFinalizers({ metadata }: T, signal?: AbortSignal): Promise<readonly string[]> {
    if (!metadata.finalizersLeftOut) return metadata.finalizers ?? [];
    const { namespace, name } = metadata;
    const live = await this.#client.get<T>(this.#resource, namespace, name, signal);
    return live?.metadata.finalizers ?? [];
  }

  /** Stores the written object for the next reconcile. Readers are notified only once the watch delivers it. */
  #keep(written: T): T {
    const lean = leanOf(written, this.#resource);
    const { deletionTimestamp, finalizers = [] } = written.metadata;
    // Without its last finalizer a deleted object is gone, and the watch will report that.
    if (deletionTimestamp === undefined || finalizers.length > 0) this.#store.putWritten(lean);
    return lean;
  }
}

/** Whether two values are equal as JSON. JSON has no undefined, so an undefined field counts as absent. */
function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => isSameJson(item, other[index]));
  if (!isRecord(one) || !isRecord(other)) return false;
  for (const name in one) if (!isSameJson(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && one[name] === undefined) return false;
  return true;
}

/** Returns the merge patch (RFC 7386) from `from` to `to`: removed fields are null, lists are replaced whole. */
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
