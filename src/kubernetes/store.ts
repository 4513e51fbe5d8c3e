import { isOlderVersion, type Key, type KubernetesObject, keyOf } from './resource.ts';
import { WordPool } from './word-pool.ts';

/** Returns the values under which an index files an object. */
export type Indexer<T> = (object: T) => readonly string[];

/** The keys filed under one value. Most values have one key; a set for each would be a third of the index. */
type Filed = Key | Set<Key>;

/** An index, and a value in it that an object is filed under. */
type Place = [index: Map<string, Filed>, value: string];

/** The list that an object came with. */
export interface Listing {
  /** The resourceVersion of the list. */
  readonly version: string;
  /** True if the server's version went backwards: it was restored from a backup. */
  readonly rewound: boolean;
}

/**
 * The objects of one kind as last seen. Readers get the stored objects themselves and must not modify them.
 *
 * Our own writes are stored at once, so that the next reconcile sees them. Until the watch reaches such a write, what
 * it delivers of the object is older (`isOlderVersion`) and skipped. Changes are reported only once the watch delivers
 * them; until then the store remembers what was last reported. Only a list can take an object back to an older version,
 * because it is the truth about all versions up to its own: the server may have been restored from a backup.
 */
export class Store<T extends KubernetesObject> {
  readonly #objects = new Map<Key, T>();
  /** For each object with a write of ours that the watch has not delivered yet: the object as last reported. */
  readonly #told = new Map<Key, T>();
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  readonly #indices = new Map<string, Map<string, Filed>>();
  readonly #words: WordPool | null;

  /** @param words deduplicates strings of objects parsed from JSON; `null` if the strings are shared already */
  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}, words: WordPool | null = new WordPool()) {
    this.#indexers = indexers;
    this.#words = words;
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

  /** Returns the objects that an index files under `value`. */
  by(index: string, value: string): T[] {
    const filed = this.#indices.get(index)?.get(value);
    if (filed === undefined) return [];
    if (typeof filed !== 'string') return [...filed].flatMap((key) => this.#objects.get(key) ?? []);
    const only = this.#objects.get(filed);
    return only ? [only] : [];
  }

  /**
   * Stores an object from a watch or a list. Returns the object as last reported (`previous` is `null` if there was
   * none), or `null` if there is no change to report: the same version, or one older than the stored version.
   */
  put(object: T, list?: Listing): { previous: T | null } | null {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    const told = this.#told.get(key);
    if (known && known.metadata.uid === object.metadata.uid) {
      const { resourceVersion } = known.metadata;
      const isOlder = isOlderVersion(object.metadata.resourceVersion, resourceVersion);
      if (isOlder && !(list && isTruthAbout(list, resourceVersion))) return null;
      if (object.metadata.resourceVersion === resourceVersion && !told) return null;
    }
    this.#replace(key, known, object);
    this.#told.delete(key);
    return { previous: told ?? known ?? null };
  }

  /**
   * Stores the API server's response to a write of ours. Ignores objects that the store does not hold: the response may
   * arrive after the watch has delivered the deletion, and must not bring the object back.
   */
  putWritten(object: T): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (!known || known.metadata.uid !== object.metadata.uid) return;
    const { resourceVersion } = object.metadata;
    if (resourceVersion === known.metadata.resourceVersion) return;
    if (isOlderVersion(resourceVersion, known.metadata.resourceVersion)) return;
    this.#replace(key, known, object);
    if (!this.#told.has(key)) this.#told.set(key, known);
  }

  /** Removes an object; with `uid`, keeps a newer one of the same name. Returns the object as last reported. */
  remove(key: Key, uid?: string): T | undefined {
    const known = this.#objects.get(key);
    if (!known || (uid !== undefined && known.metadata.uid !== uid)) return undefined;
    const told = this.#told.get(key);
    this.#told.delete(key);
    this.#unfile(key, known);
    this.#objects.delete(key);
    return told ?? known;
  }

  #replace(key: Key, known: T | undefined, object: T): void {
    // First, so that an indexer that throws leaves everything unchanged.
    const places = this.#placesOf(object);
    this.#words?.share(object);
    const before = known ? this.#placesOf(known) : [];
    this.#objects.set(key, object);
    // Most changes are new statuses, which move nothing.
    if (isSamePlaces(before, places)) return;
    for (const [index, value] of before) unfile(index, value, key);
    for (const [index, value] of places) file(index, value, key);
  }

  #unfile(key: Key, object: T): void {
    for (const [index, value] of this.#placesOf(object)) unfile(index, value, key);
  }

  #placesOf(object: T): Place[] {
    return Object.entries(this.#indexers).flatMap(([name, indexer]) => {
      const index = this.#indices.get(name) as Map<string, Filed>;
      return indexer(object).map((value): Place => [index, value]);
    });
  }
}

/** Whether a list overrides a known version. Without a restore, a newer version is a later write of ours. */
function isTruthAbout({ version, rewound }: Listing, known: string): boolean {
  return rewound || !isOlderVersion(version, known);
}

function isSamePlaces(some: readonly Place[], others: readonly Place[]): boolean {
  return (
    some.length === others.length &&
    some.every(([index, value], at) => others[at]?.[0] === index && others[at][1] === value)
  );
}

function file(index: Map<string, Filed>, value: string, key: Key): void {
  const filed = index.get(value);
  if (filed === undefined) index.set(value, key);
  else if (typeof filed !== 'string') filed.add(key);
  else if (filed !== key) index.set(value, new Set([filed, key]));
}

function unfile(index: Map<string, Filed>, value: string, key: Key): void {
  const filed = index.get(value);
  if (filed === key) index.delete(value);
  if (filed === undefined || typeof filed === 'string') return;
  filed.delete(key);
  const [first, second] = filed;
  if (first === undefined) index.delete(value);
  else if (second === undefined) index.set(value, first);
}
