import { deepFreeze, type StoredMeta, type StoredObject } from './object.ts';

/** One committed write. `object` is the state after it; for a deletion, the one before, at the deletion's version. */
export interface Commit {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** `group/plural` of the object. */
  readonly table: string;
  readonly key: string;
  readonly revision: number;
  readonly object: StoredObject;
  readonly previous: StoredObject | null;
}

/** The objects of a table at one revision, for the first page and later ones. */
export interface Snapshot {
  readonly revision: number;
  readonly objects: readonly StoredObject[];
}

/** Versions begin above zero, as in a cluster that is not new: older ones are compacted. */
const FIRST_REVISION = 1000;

/**
 * All objects under one counter of versions, the writes since the last compaction, and the followers of these writes.
 * Knows nothing about the meaning of an object.
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

  /** Returns the objects of a table whose keys begin with `prefix`, in the order of their keys. */
  range(table: string, prefix = ''): StoredObject[] {
    const entries = [...(this.#tables.get(table) ?? [])].filter(([key]) => key.startsWith(prefix));
    return entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Stores an object at the next version, and returns it at that version. */
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

  /** Returns the writes after a version; `null` if they were compacted. */
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

  /** Calls `tell` for every write from now on, at once and in order, until the returned function is called. */
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
