import { isOlderVersion, type Key, type KubernetesObject, keyOf } from './resource.ts';
import { WordPool } from './word-pool.ts';

/** Names an object can be found by, besides its key. */
export type Indexer<T> = (object: T) => readonly string[];

/** The keys filed under one value. Most values have one, and a set for each of them would be a third of the index. */
type Filed = Key | Set<Key>;

/** An index, and the value in it that an object is filed under. */
type Place = [index: Map<string, Filed>, value: string];

/** The list that an object came with. */
export interface Listing {
  /** The server's version that it shows. */
  readonly version: string;
  /** The server's version has gone back: it was restored from a backup. */
  readonly rewound: boolean;
}

/**
 * The objects of one kind as last seen. Readers get the objects themselves and must not change them.
 *
 * Our own writes are put in at once, so that the next reconcile sees them; what the watch delivers until it has come
 * to such a write is older (`isOlderVersion`) and is skipped. Nobody is told of a change before the watch has brought
 * it: until then the store remembers what its readers were last told of. Only a list takes an object back to an older
 * version, as it is the truth about all versions up to its own: the server may have been restored from a backup.
 */
export class Store<T extends KubernetesObject> {
  readonly #objects = new Map<Key, T>();
  /** For objects we wrote whose write has not come back: what the watch had brought before. */
  readonly #told = new Map<Key, T>();
  readonly #indexers: Readonly<Record<string, Indexer<T>>>;
  readonly #indices = new Map<string, Map<string, Filed>>();
  readonly #words: WordPool | null;

  /** @param words for objects that come as JSON; null where their strings are shared already */
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

  /** The objects an indexer files under `value`. */
  by(index: string, value: string): T[] {
    const filed = this.#indices.get(index)?.get(value);
    if (filed === undefined) return [];
    if (typeof filed !== 'string') return [...filed].flatMap((key) => this.#objects.get(key) ?? []);
    const only = this.#objects.get(filed);
    return only ? [only] : [];
  }

  /**
   * Takes in an object from a watch, or from a list. Returns what readers were told of before (null: nothing of that
   * name), or null if there is nothing to tell: the same again, or older than a write of ours.
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
   * Takes in what the API server answered to a write of ours. Only for an object that is known: the answer may come
   * after the watch has told of its deletion, and must not bring it back.
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

  /** Drops an object; one of the same name that was created since stays. Returns what readers were told of. */
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
    // First of all: an indexer that throws leaves everything as it was.
    const places = this.#placesOf(object);
    this.#words?.share(object);
    const before = known ? this.#placesOf(known) : [];
    this.#objects.set(key, object);
    // A new status, as most changes are, moves nothing.
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

/** What is newer than a list that did not go back can only be a write of ours that came after it. */
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
