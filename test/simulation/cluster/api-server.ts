import type { Clock, Random } from '../../../src/core/clock.ts';
import type { ListPage } from '../../../src/kubernetes/client.ts';
import type { Resource } from '../../../src/kubernetes/resource.ts';
import { EVENTS, NAMESPACES } from './builtin-kinds.ts';
import { Etcd } from './etcd.ts';
import { deletedMeta, statusOwned } from './metadata.ts';
import { absent, newObject, nextObject, replacementAsNew } from './next-object.ts';
import { isObject, isSame, type Json, mergePatch, overTheWire, type StoredObject } from './object.ts';
import { OpenWatches, type WatchOptions } from './open-watches.ts';
import { Pager } from './paging.ts';
import { notServed, refusal } from './refusal.ts';
import { type ServedKind, tableOf } from './served-kind.ts';
import type { WatchStream } from './watch-stream.ts';

/** One committed write. `before` is null for a creation; `after` is null if the object is gone. */
export interface Write {
  /** The name of a connection, `kubectl`, or a controller of the cluster itself. */
  readonly by: string;
  readonly verb: 'create' | 'patch' | 'status' | 'delete';
  readonly kind: string;
  readonly before: StoredObject | null;
  readonly after: StoredObject | null;
}

/** The writer of a request, and the field manager it names. */
export interface Writer {
  readonly by: string;
  readonly manager: string;
}

/** Whether a kind is served, is being deleted with all its objects, or does not exist. */
export type Standing = 'Served' | 'Terminating' | 'Absent';

export interface ApiServerOptions {
  readonly kinds: readonly ServedKind[];
  readonly clock: Clock;
  readonly random: Random;
}

const EVERY_VERB = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** The verbs of a CRD that is being deleted. */
const VERBS_OF_GOING = ['delete', 'deletecollection', 'get', 'list', 'watch'];
/** Every five minutes the API server compacts what is older than five minutes. */
const COMPACT_EVERY_MS = 300_000;
/** `--event-ttl`. */
const EVENT_LIVES_MS = 3_600_000;
const EVENT_TABLE = tableOf(EVENTS);
const NAMESPACE_TABLE = tableOf(NAMESPACES);

/**
 * Serves the requests of an API server on objects in memory. Every request is executed at once and completely;
 * simulated-client.ts, between it and a process, adds time and faults.
 */
export class ApiServer {
  readonly #kinds: ReadonlyMap<string, ServedKind>;
  readonly #standing = new Map<string, Standing>();
  readonly #etcd = new Etcd();
  readonly #pager = new Pager(this.#etcd);
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #watches: OpenWatches;
  readonly #listeners: ((write: Write) => void)[] = [];
  /** When each event expires, oldest first. */
  readonly #eventsEnd = new Map<string, number>();
  #compacting: { at: number; revision: number };

  constructor({ kinds, clock, random }: ApiServerOptions) {
    this.#kinds = new Map(kinds.map((kind) => [kind.table, kind]));
    this.#clock = clock;
    this.#random = random;
    this.#watches = new OpenWatches(this.#etcd, clock);
    this.#compacting = { at: clock.monotonic(), revision: this.#etcd.revision };
  }

  /** Calls `listener` after every committed write. */
  onWrite(listener: (write: Write) => void): void {
    this.#listeners.push(listener);
  }

  standing(resource: Resource): Standing {
    const table = tableOf(resource);
    return this.#standing.get(table) ?? (this.#kinds.has(table) ? 'Served' : 'Absent');
  }

  /** Changes whether one of our kinds is served; the watches of a kind that is gone end. */
  setStanding(resource: Resource, standing: Standing): void {
    const table = tableOf(resource);
    this.#standing.set(table, standing);
    if (standing === 'Absent') this.#watches.end(table);
  }

  /** Returns the verbs that discovery offers; `null` if the kind does not exist. */
  verbs(resource: Resource): readonly string[] | null {
    const standing = this.standing(resource);
    if (standing === 'Absent') return null;
    return standing === 'Terminating' ? VERBS_OF_GOING : EVERY_VERB;
  }

  find(resource: Resource, namespace: string, name: string): StoredObject | null {
    this.#dropOldEvents();
    return this.#etcd.get(tableOf(resource), `${namespace}/${name}`);
  }

  /** Returns every object of a kind, in one namespace or in all. */
  all(resource: Resource, namespace: string | null = null): readonly StoredObject[] {
    this.#dropOldEvents();
    return this.#etcd.range(tableOf(resource), prefixOf(namespace));
  }

  /** Returns one page. @throws KubernetesError, Expired for a continue token that was compacted */
  list(
    resource: Resource,
    namespace: string | null,
    page: { limit: number; next?: string },
  ): ListPage<StoredObject> {
    const { table } = this.#kindOf(resource);
    this.#compactInTime();
    return this.#pager.page(table, prefixOf(namespace), page);
  }

  /** Opens a watch; a version that was compacted is reported in the stream. */
  watch(resource: Resource, namespace: string | null, options: WatchOptions): WatchStream {
    this.#kindOf(resource);
    this.#compactInTime();
    return this.#watches.open(resource, prefixOf(namespace), options);
  }

  create(by: string, resource: Resource, namespace: string, body: unknown): StoredObject {
    const kind = this.#kindOf(resource);
    const sent = overTheWire(body);
    if (this.standing(resource) === 'Terminating')
      throw refusal('Forbidden', 'create not allowed while custom resource definition is terminating');
    if (kind.table !== NAMESPACE_TABLE) this.#checkNamespace(namespace, kind);
    const object = newObject(kind, sent, { namespace, uid: this.#newUid(), nowMs: this.#clock.now() });
    const { name } = object.metadata;
    if (this.find(resource, namespace, name))
      throw refusal('AlreadyExists', `${resource.plural}.${resource.group} "${name}" already exists`);
    return this.#put(by, 'create', kind, object, null);
  }

  /** Replaces an object by a whole one, as far as its kind allows. */
  replace(by: string, resource: Resource, namespace: string, name: string, body: unknown): StoredObject {
    const kind = this.#kindOf(resource);
    const sent = overTheWire(body);
    const old = this.find(resource, namespace, name);
    if (!old) return this.create(by, resource, namespace, replacementAsNew(kind, sent, name));
    return this.#update(by, 'patch', kind, old, nextObject(kind, old, sent, 'replace'));
  }

  /** Merges a patch into the main resource. */
  patch(by: string, resource: Resource, namespace: string, name: string, patch: unknown): StoredObject {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    const wanted = mergePatch(old, overTheWire(patch)) as Json;
    return this.#update(by, 'patch', kind, old, nextObject(kind, old, wanted, 'patch'));
  }

  /**
   * Applies a status server-side as its only manager, which owns all of it: fields that it no longer sends are removed.
   * @throws TypeError if others have written to the status too, which is not simulated
   */
  applyStatus({ by, manager }: Writer, resource: Resource, namespace: string, name: string, body: unknown) {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    const next = nextObject(kind, old, overTheWire(body), 'statusApply');
    return this.#update(by, 'status', kind, old, statusOwned(next, { manager, operation: 'Apply' }));
  }

  /** Merges a patch into the status; its sender owns a share of the status from then on. */
  patchStatus({ by, manager }: Writer, resource: Resource, namespace: string, name: string, patch: unknown) {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    const wanted = mergePatch(old, overTheWire(patch)) as Json;
    const next = nextObject(kind, old, wanted, 'statusPatch');
    if (isSame(old, next)) return old;
    return this.#update(by, 'status', kind, old, statusOwned(next, { manager, operation: 'Update' }));
  }

  /** Deletes an object, or marks it if finalizers keep it; a marked object stays as it is. */
  remove(by: string, resource: Resource, namespace: string, name: string): void {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    if ((old.metadata.finalizers ?? []).length === 0) this.#drop(by, 'delete', kind, old);
    else if (old.metadata.deletionTimestamp === undefined)
      this.#put(by, 'delete', kind, { ...old, metadata: deletedMeta(old.metadata, this.#clock.now()) }, old);
  }

  /** Forgets every write so far: older watches and continue tokens become Expired. */
  compact(): void {
    this.#etcd.compact(this.#etcd.revision);
    this.#pager.compact();
  }

  #kindOf(resource: Resource): ServedKind {
    const kind = this.#kinds.get(tableOf(resource));
    if (!kind || this.standing(resource) === 'Absent') throw notServed();
    return kind;
  }

  #get(kind: ServedKind, namespace: string, name: string): StoredObject {
    const object = this.find(kind.resource, namespace, name);
    if (!object) throw absent(kind, name);
    return object;
  }

  #checkNamespace(name: string, { resource }: ServedKind): void {
    const namespace = this.#etcd.get(NAMESPACE_TABLE, `/${name}`);
    if (!namespace) throw refusal('NotFound', `namespaces "${name}" not found`);
    if (namespace.metadata.deletionTimestamp !== undefined)
      throw refusal(
        'Forbidden',
        `${resource.plural} is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
      );
  }

  /** Stores the result of an update. A marked object goes with its last finalizer; it is still the answer. */
  #update(
    by: string,
    verb: Write['verb'],
    kind: ServedKind,
    old: StoredObject,
    next: StoredObject,
  ): StoredObject {
    const { deletionTimestamp, finalizers = [] } = next.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0) {
      this.#drop(by, verb, kind, old);
      return next;
    }
    return isSame(old, next) ? old : this.#put(by, verb, kind, next, old);
  }

  #put(
    by: string,
    verb: Write['verb'],
    { table, resource }: ServedKind,
    object: StoredObject,
    before: StoredObject | null,
  ): StoredObject {
    this.#compactInTime();
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const after = this.#etcd.put(table, key, object);
    if (table === EVENT_TABLE) {
      this.#eventsEnd.delete(key);
      this.#eventsEnd.set(key, this.#clock.monotonic() + EVENT_LIVES_MS);
    }
    this.#tell({ by, verb, kind: resource.kind, before, after });
    return after;
  }

  #drop(by: string, verb: Write['verb'], { table, resource }: ServedKind, before: StoredObject): void {
    this.#etcd.remove(table, `${before.metadata.namespace}/${before.metadata.name}`);
    this.#tell({ by, verb, kind: resource.kind, before, after: null });
  }

  #tell(write: Write): void {
    for (const listener of this.#listeners) listener(write);
  }

  #compactInTime(): void {
    const now = this.#clock.monotonic();
    if (now - this.#compacting.at < COMPACT_EVERY_MS) return;
    this.#etcd.compact(this.#compacting.revision);
    this.#pager.compact();
    this.#compacting = { at: now, revision: this.#etcd.revision };
  }

  #dropOldEvents(): void {
    const now = this.#clock.monotonic();
    for (const [key, end] of this.#eventsEnd) {
      if (end > now) return;
      this.#eventsEnd.delete(key);
      this.#etcd.remove(EVENT_TABLE, key);
    }
  }

  #newUid(): string {
    const hex = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
}

/** Returns the prefix of all keys in a namespace; null means every namespace. */
function prefixOf(namespace: string | null): string {
  return namespace === null ? '' : `${namespace}/`;
}

/** Returns the `data` of an object, empty if it has none. */
export function dataOf(object: StoredObject): Readonly<Record<string, string>> {
  return isObject(object['data']) ? (object['data'] as Record<string, string>) : {};
}
