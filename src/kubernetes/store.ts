import { type Key, type KubernetesObject, keyOf } from './resource.ts';

/** Names an object can be found by, besides its key. */
export type Indexer<T> = (object: T) => readonly string[];

/**
 * The objects of one kind as last seen. Readers get the objects themselves and must not change them.
 *
 * Our own writes are put in at once, so that the next reconcile sees them. Until the watch has delivered such a
 * write, what it delivers is older and is skipped: resourceVersions of one kind grow, and since Kubernetes 1.35 the
 * API promises that they compare as numbers.
 */
export class Store<T extends KubernetesObject> {
  readonly #objects = new Map<Key, T>();
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  readonly #indices = new Map<string, Map<string, Set<Key>>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) this.#indices.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: Key): T | undefined {
    return this.#objects.get(key);
  }

  keys(): Iterable<Key> {
    return this.#objects.keys();
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  /** The objects an indexer files under `value`. */
  by(index: string, value: string): T[] {
    const keys = this.#indices.get(index)?.get(value);
    if (!keys) return [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Takes an object in unless a newer state of it is known. Returns what was there before, or null if skipped. */
  put(object: T): { previous: T | undefined } | null {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous && previous.metadata.uid === object.metadata.uid && isOlder(object, previous)) return null;
    if (previous) this.#unfile(key, previous);
    this.#objects.set(key, object);
    this.#file(key, object);
    return { previous };
  }

  /** Drops an object; one of the same name that was created since stays. Returns what was there. */
  remove(key: Key, uid?: string): T | undefined {
    const known = this.#objects.get(key);
    if (!known || (uid !== undefined && known.metadata.uid !== uid)) return undefined;
    this.#unfile(key, known);
    this.#objects.delete(key);
    return known;
  }

  #file(key: Key, object: T): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const index = this.#indices.get(name) as Map<string, Set<Key>>;
      for (const value of indexer(object)) {
        const keys = index.get(value);
        if (keys) keys.add(key);
        else index.set(value, new Set([key]));
      }
    }
  }

  #unfile(key: Key, object: T): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      const index = this.#indices.get(name) as Map<string, Set<Key>>;
      for (const value of indexer(object)) {
        const keys = index.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(value);
      }
    }
  }
}

/** True only if both versions are numbers and `object` has the smaller one; anything else counts as newer. */
function isOlder(object: KubernetesObject, than: KubernetesObject): boolean {
  const [a, b] = [object.metadata.resourceVersion, than.metadata.resourceVersion];
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) return false;
  return BigInt(a) < BigInt(b);
}
