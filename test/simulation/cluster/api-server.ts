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

/** One write that was committed. `before` is null for a creation; `after` is null once the object is gone. */
export interface Write {
  /** Who wrote it: the name of a connection, `kubectl`, or a controller of the cluster's own. */
  readonly by: string;
  readonly verb: 'create' | 'patch' | 'status' | 'delete';
  readonly kind: string;
  readonly before: StoredObject | null;
  readonly after: StoredObject | null;
}

/** Who writes, and the field manager it names. */
export interface Writer {
  readonly by: string;
  readonly manager: string;
}

/** A kind is served, is going with all its objects, or is not there. */
export type Standing = 'Served' | 'Terminating' | 'Absent';

export interface ApiServerOptions {
  readonly kinds: readonly ServedKind[];
  readonly clock: Clock;
  readonly random: Random;
}

const EVERY_VERB = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
/** Of a CRD that is being deleted. */
const VERBS_OF_GOING = ['delete', 'deletecollection', 'get', 'list', 'watch'];
/** It compacts every five minutes what is older than five minutes. */
const COMPACT_EVERY_MS = 300_000;
/** `--event-ttl`. */
const EVENT_LIVES_MS = 3_600_000;
const EVENT_TABLE = tableOf(EVENTS);
const NAMESPACE_TABLE = tableOf(NAMESPACES);

/**
 * The requests of an API server over objects in memory. Every request is done at once and whole; whoever stands
 * between it and a process (simulated-client.ts) adds time and faults.
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
  /** When each event goes, oldest first. */
  readonly #eventsEnd = new Map<string, number>();
  #compacting: { at: number; revision: number };

  constructor({ kinds, clock, random }: ApiServerOptions) {
    this.#kinds = new Map(kinds.map((kind) => [kind.table, kind]));
    this.#clock = clock;
    this.#random = random;
    this.#watches = new OpenWatches(this.#etcd, clock);
    this.#compacting = { at: clock.monotonic(), revision: this.#etcd.revision };
  }

  /** Calls `listener` after every write that was committed. */
  onWrite(listener: (write: Write) => void): void {
    this.#listeners.push(listener);
  }

  standing(resource: Resource): Standing {
    const table = tableOf(resource);
    return this.#standing.get(table) ?? (this.#kinds.has(table) ? 'Served' : 'Absent');
  }

  /** Changes whether one of our kinds is served; the watches of one that is gone end. */
  setStanding(resource: Resource, standing: Standing): void {
    const table = tableOf(resource);
    this.#standing.set(table, standing);
    if (standing === 'Absent') this.#watches.end(table);
  }

  /** The verbs discovery offers; null when the kind is not there. */
  verbs(resource: Resource): readonly string[] | null {
    const standing = this.standing(resource);
    if (standing === 'Absent') return null;
    return standing === 'Terminating' ? VERBS_OF_GOING : EVERY_VERB;
  }

  find(resource: Resource, namespace: string, name: string): StoredObject | null {
    this.#dropOldEvents();
    return this.#etcd.get(tableOf(resource), `${namespace}/${name}`);
  }

  /** Every object of a kind, in one namespace or in all. */
  all(resource: Resource, namespace: string | null = null): readonly StoredObject[] {
    this.#dropOldEvents();
    return this.#etcd.range(tableOf(resource), prefixOf(namespace));
  }

  /** @throws KubernetesError, Expired for a continue token of what was compacted */
  list(
    resource: Resource,
    namespace: string | null,
    page: { limit: number; next?: string },
  ): ListPage<StoredObject> {
    const { table } = this.#kindOf(resource);
    this.#compactInTime();
    return this.#pager.page(table, prefixOf(namespace), page);
  }

  /** An open watch; a version that was compacted is said in the stream. */
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

  /** Replaces an object by a whole one, as its kind allows it. */
  replace(by: string, resource: Resource, namespace: string, name: string, body: unknown): StoredObject {
    const kind = this.#kindOf(resource);
    const sent = overTheWire(body);
    const old = this.find(resource, namespace, name);
    if (!old) return this.create(by, resource, namespace, replacementAsNew(kind, sent, name));
    return this.#update(by, 'patch', kind, old, nextObject(kind, old, sent, 'replace'));
  }

  /** A merge patch of the main resource. */
  patch(by: string, resource: Resource, namespace: string, name: string, patch: unknown): StoredObject {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    const wanted = mergePatch(old, overTheWire(patch)) as Json;
    return this.#update(by, 'patch', kind, old, nextObject(kind, old, wanted, 'patch'));
  }

  /**
   * Server-side apply of the status by its only manager: all of the status is the manager's own, so what it no longer
   * sends goes.
   * @throws TypeError for a status that others wrote too: what becomes of it is not simulated
   */
  applyStatus({ by, manager }: Writer, resource: Resource, namespace: string, name: string, body: unknown) {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    const next = nextObject(kind, old, overTheWire(body), 'statusApply');
    return this.#update(by, 'status', kind, old, statusOwned(next, { manager, operation: 'Apply' }));
  }

  /** A merge patch of the status; who sends it has a share in the status from then on. */
  patchStatus({ by, manager }: Writer, resource: Resource, namespace: string, name: string, patch: unknown) {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    const wanted = mergePatch(old, overTheWire(patch)) as Json;
    const next = nextObject(kind, old, wanted, 'statusPatch');
    if (isSame(old, next)) return old;
    return this.#update(by, 'status', kind, old, statusOwned(next, { manager, operation: 'Update' }));
  }

  /** Deletes an object, or marks it when finalizers keep it; one that is marked already stays as it is. */
  remove(by: string, resource: Resource, namespace: string, name: string): void {
    const kind = this.#kindOf(resource);
    const old = this.#get(kind, namespace, name);
    if ((old.metadata.finalizers ?? []).length === 0) this.#drop(by, 'delete', kind, old);
    else if (old.metadata.deletionTimestamp === undefined)
      this.#put(by, 'delete', kind, { ...old, metadata: deletedMeta(old.metadata, this.#clock.now()) }, old);
  }

  /** Forgets every write so far: older watches and continue tokens are Expired from now on. */
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

  /** Stores what an update led to. What was to be deleted goes with its last finalizer, and the update is its answer. */
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

/** Keys begin with the namespace; null for every one. */
function prefixOf(namespace: string | null): string {
  return namespace === null ? '' : `${namespace}/`;
}

/** What a caller may see of an object's data, or an empty one. */
export function dataOf(object: StoredObject): Readonly<Record<string, string>> {
  return isObject(object['data']) ? (object['data'] as Record<string, string>) : {};
}
