import { isDeepStrictEqual } from 'node:util';
import type { GrantObject } from '../../api/kinds.ts';
import type { GrantWriter } from '../../controllers/grants/grant-context.ts';
import type { GrantKind } from '../../controllers/grants/grant-kinds.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { Store } from '../../kubernetes/store.ts';

/** One write to an object in memory. `after` is `null` if the object is gone. */
export interface PlannedWrite {
  readonly kind: GrantKind;
  readonly before: GrantObject;
  readonly after: GrantObject | null;
}

/** Writes grants of one kind as the API server would, but only into the store. */
export class PlannedWriter implements GrantWriter {
  readonly #kind: GrantKind;
  readonly #store: Store<GrantObject>;
  readonly #onWrite: (write: PlannedWrite) => void;
  #version = 0;

  constructor(kind: GrantKind, store: Store<GrantObject>, onWrite: (write: PlannedWrite) => void) {
    this.#kind = kind;
    this.#store = store;
    this.#onWrite = onWrite;
  }

  async writeStatus(object: GrantObject, status: NonNullable<GrantObject['status']>): Promise<GrantObject> {
    const written = withoutUndefined(status) as typeof status;
    if (isDeepStrictEqual(written, object.status)) return object;
    return this.#put(object, { ...object, status: written });
  }

  /** Stored only with the next status write, because a finalizer has no effect on an object that is not deleted. */
  addFinalizer(object: GrantObject, finalizer: string): Promise<GrantObject> {
    const finalizers = object.metadata.finalizers ?? [];
    const stands = finalizers.includes(finalizer);
    return Promise.resolve(stands ? object : withFinalizers(object, [...finalizers, finalizer]));
  }

  async removeFinalizer(object: GrantObject, finalizer: string): Promise<GrantObject> {
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return object;
    const left = finalizers.filter((name) => name !== finalizer);
    const written = withFinalizers(object, left);
    if (object.metadata.deletionTimestamp === undefined || left.length > 0) return this.#put(object, written);
    this.#store.remove(keyOf(object));
    this.#onWrite({ kind: this.#kind, before: object, after: null });
    return written;
  }

  #put(before: GrantObject, after: GrantObject): GrantObject {
    this.#version += 1;
    const resourceVersion = `planned-${this.#version}`;
    const written = { ...after, metadata: { ...after.metadata, resourceVersion } } as GrantObject;
    this.#store.put(written);
    this.#onWrite({ kind: this.#kind, before, after: written });
    return written;
  }
}

function withFinalizers(object: GrantObject, finalizers: readonly string[]): GrantObject {
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

/** Removes undefined fields, as a round trip through JSON and the API server does. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  const fields: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value))
    if (inner !== undefined) fields[name] = withoutUndefined(inner);
  return fields;
}
