import { deepFreeze, type StoredMeta, type StoredObject } from './object.ts';

/** One committed write. `object` is the state after it or, of a deletion, the last one, at the version of the deletion. */
export interface Commit {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `group/plural` of the object. */
  readonly table: string;
  readonly key: string;
  readonly revision: number;
  readonly object: StoredObject;
  readonly previous: StoredObject | null;
}

/** One page of a table, and what a later page needs. */
export interface Snapshot {
  readonly revision: number;
  readonly objects: readonly StoredObject[];
}

/** Versions begin somewhere above zero, as in a cluster that has lived: what is older is compacted. */
const FIRST_REVISION = 1000;

/**
 * All objects with one counter of versions over all of them, the writes since the last compaction, and whoever follows
 * them. Nothing here knows what an object means.
 */
export class Etcd {
  #revision = FIRST_REVISION;
  #compacted = FIRST_REVISION;
  #log: Commit[] = [];
  readonly #tables = new Map<string, Map<string, StoredObject>>();
  readonly #followers = new Set<(commit: Commit) => void>();

  get revision(): number {
    return this.#revision;
  }

  get(table: string, key: string): StoredObject | null {
    return this.#tables.get(table)?.get(key) ?? null;
  }

  /** The objects of a table whose keys begin with `prefix`, in the order of their keys. */
  range(table: string, prefix = ''): StoredObject[] {
    const entries = [...(this.#tables.get(table) ?? [])].filter(([key]) => key.startsWith(prefix));
    return entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Stores an object at the next version and returns it as it is then. */
  put(table: string, key: string, object: StoredObject): StoredObject {
    const objects = this.#tables.get(table) ?? new Map<string, StoredObject>();
    this.#tables.set(table, objects);
    const previous = objects.get(key) ?? null;
    const stored = this.#atNextRevision(object);
    objects.set(key, stored);
    this.#commit({ type: previous ? 'MODIFIED' : 'ADDED', table, key, object: stored, previous });
    return stored;
  }

  remove(table: string, key: string): void {
    const objects = this.#tables.get(table);
    const previous = objects?.get(key);
    if (!objects || !previous) return;
    objects.delete(key);
    this.#commit({ type: 'DELETED', table, key, object: this.#atNextRevision(previous), previous });
  }

  /** The writes after a version; null when they were compacted. */
  since(revision: number): readonly Commit[] | null {
    if (revision < this.#compacted) return null;
    return this.#log.filter((commit) => commit.revision > revision);
  }

  /** Whether a version can still be read. */
  holds(revision: number): boolean {
    return revision >= this.#compacted;
  }

  /** Forgets the writes up to a version. */
  compact(revision: number): void {
    this.#compacted = Math.max(this.#compacted, Math.min(revision, this.#revision));
    this.#log = this.#log.filter((commit) => commit.revision > this.#compacted);
  }

  /** Tells every write from now on, at once and in order, until the returned function is called. */
  follow(tell: (commit: Commit) => void): () => void {
    this.#followers.add(tell);
    return () => this.#followers.delete(tell);
  }

  #atNextRevision(object: StoredObject): StoredObject {
    this.#revision += 1;
    const metadata: StoredMeta = { ...object.metadata, resourceVersion: String(this.#revision) };
    return deepFreeze({ ...object, metadata });
  }

  #commit(write: Omit<Commit, 'revision'>): void {
    const commit = { ...write, revision: this.#revision };
    this.#log.push(commit);
    for (const tell of this.#followers) tell(commit);
  }
}
