import type { Clock, Random } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import type { ClusterClient } from './client.ts';
import { errorOfAnswer, isOutage, KubernetesError } from './errors.ts';
import { listPages } from './list-pages.ts';
import { isOlderVersion, type Key, type KubernetesObject, keyOf, leanOf, type Resource } from './resource.ts';
import type { Listing, Store } from './store.ts';
import type { WatchLine } from './watch-lines.ts';

/** A change of one object: `previous` is `null` if the object is new, `current` is `null` if it was deleted. */
export interface Change<T> {
  readonly key: Key;
  readonly previous: T | null;
  readonly current: T | null;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: ClusterClient;
  readonly resource: Resource;
  /** `null` for all namespaces. */
  readonly namespace: string | null;
  readonly store: Store<T>;
  /** Adds a key to a queue; must not wait. An error that it throws is logged, and the watch continues. */
  readonly onChange: (change: Change<T>) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  /** A watch that is silent for longer is considered dead. Bookmarks arrive about once a minute. */
  readonly idleMs?: number;
  /** Objects per page of a list. */
  readonly pageSize?: number;
}

const IDLE_MS = 150_000;
/** As in client-go's reflector: 800 ms, doubled, at most 30 s, plus up to 100 % jitter. */
const FIRST_BACKOFF_MS = 800;
const LONGEST_BACKOFF_MS = 30_000;
/** A watch that ends sooner without any event counts as a failure, even if it ends cleanly; as in client-go. */
const SHORTEST_WATCH_MS = 1_000;
/** Consecutive failures that a starting server may cause. A start takes seconds; these backoffs add up to 12 s. */
const LONGEST_PATIENCE = 4;

/**
 * Keeps a Store equal to the state of the API server: a paged list, then a watch with bookmarks, repeated forever.
 * After a broken stream or an outage (`isOutage`), it backs off and watches again from the last version seen. After any
 * other error (410, an idle watch, a malformed line, a watch that ends at once) or a persistent 500, it lists again and
 * reports the differences as changes. Consecutive failures of any kind lengthen the backoff until a watch works.
 */
export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #restarts;
  /** The newest resourceVersion seen. */
  #version = '';
  /** True if the store may have missed changes: list again before the next watch. */
  #stale = true;
  readonly #firstList = Promise.withResolvers<void>();
  #synced = false;
  #lastContact: number;
  #failures = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#lastContact = options.clock.monotonic();
    this.#restarts = options.meter.counter(
      'watch_restarts_total',
      'Watches that ended early and were restarted.',
      ['kind', 'reason'],
    );
  }

  get resource(): Resource {
    return this.#options.resource;
  }

  /** True once the first list is complete. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Resolves once the first list is complete. */
  get firstList(): Promise<void> {
    return this.#firstList.promise;
  }

  /** Monotonic time at which the API server last sent anything, bookmarks included. */
  get lastContact(): number {
    return this.#lastContact;
  }

  /** Runs until `signal` aborts. Never rejects because of the API server. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#stale) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (!signal.aborted) await this.#recover(signal, error);
      }
    }
  }

  async #recover(signal: AbortSignal, error: unknown): Promise<void> {
    const { clock, random, log, resource } = this.#options;
    const coded = error instanceof CodedError ? error : null;
    this.#failures += 1;
    this.#count(coded?.code ?? 'Reset');
    // The version is still good after a broken stream (no error of ours) or an outage; after anything else it is not.
    if (coded && (!isOutage(coded) || this.#failsHere(coded))) this.#stale = true;
    const retryMs = Math.round(backoff(this.#failures, random(), coded?.retryAfterMs ?? 0));
    log.warn('watch interrupted', { kind: resource.kind, retryMs, error });
    // Rejects only if `signal` aborts, which `run` checks next.
    await clock.sleep(retryMs, signal).catch(() => {});
  }

  /** Whether a 500 persists: each watch from this version may repeat an event that the server cannot decode. */
  #failsHere(error: CodedError): boolean {
    return error instanceof KubernetesError && error.status === 500 && this.#failures > LONGEST_PATIENCE;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, store, pageSize } = this.#options;
    const seen = new Set<Key>();
    let version = '';
    for await (const page of listPages<T>(client, resource, namespace, { signal, pageSize })) {
      this.#lastContact = this.#options.clock.monotonic();
      version = page.resourceVersion;
      // A list is never older than the versions seen before it, unless the server was restored from a backup.
      const list = { version, rewound: isOlderVersion(version, this.#version) };
      for (const item of page.items) {
        seen.add(keyOf(item));
        this.#take(item, list);
      }
    }
    for (const key of store.keys()) {
      if (!seen.has(key) && this.#covers(key)) this.#drop(key);
    }
    this.#version = version;
    this.#stale = false;
    this.#synced = true;
    this.#firstList.resolve();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, clock, random } = this.#options;
    const silence = new AbortController();
    const idleMs = this.#options.idleMs ?? IDLE_MS;
    const begunAt = clock.monotonic();
    let heard = false;
    let cancelIdle = () => {};
    const listen = () => {
      cancelIdle();
      cancelIdle = clock.schedule(idleMs, () =>
        silence.abort(new KubernetesError('Idle', 0, 'transient', 'no message on the watch in time')),
      );
    };
    listen();
    try {
      // 5 to 10 minutes, so that the watches of one process do not all end at once.
      const timeoutSeconds = 300 + Math.floor(random() * 300);
      const lines = client.watch(
        resource,
        namespace,
        { resourceVersion: this.#version, timeoutSeconds },
        AbortSignal.any([signal, silence.signal]),
      );
      for await (const line of lines) {
        listen();
        this.#lastContact = clock.monotonic();
        this.#handle(line);
        this.#failures = 0;
        heard = true;
      }
    } finally {
      cancelIdle();
    }
    if (!heard && clock.monotonic() - begunAt < SHORTEST_WATCH_MS)
      throw new KubernetesError('ShortWatch', 0, 'transient', 'the watch ended at once');
    this.#failures = 0;
  }

  #handle({ type, object }: WatchLine): void {
    const { resource } = this.#options;
    if (type === 'ERROR')
      throw errorOfAnswer(`watch ${resource.plural}`, Number(object['code']) || 500, JSON.stringify(object));
    const item = object as unknown as T;
    if (typeof item.metadata?.resourceVersion !== 'string')
      throw new KubernetesError(
        'Malformed',
        0,
        'transient',
        `watch ${resource.plural}: no object in an event`,
      );
    if (type === 'DELETED') this.#drop(keyOf(item), item.metadata.uid);
    else if (type !== 'BOOKMARK') this.#take(item);
    this.#version = item.metadata.resourceVersion;
  }

  #take(item: T, list?: Listing): void {
    const current = leanOf(item, this.#options.resource);
    const key = keyOf(current);
    const stored = this.#put(key, current, list);
    if (!stored) return;
    const { previous } = stored;
    if (previous && previous.metadata.uid !== current.metadata.uid) {
      // Deleted and created again unseen: two changes, never an update.
      this.#tell({ key, previous, current: null });
      this.#tell({ key, previous: null, current });
    } else this.#tell({ key, previous, current });
  }

  /** Stores one object. An object that cannot be stored must not stop the watch for all the others. */
  #put(key: Key, current: T, list?: Listing): { previous: T | null } | null {
    try {
      return this.#options.store.put(current, list);
    } catch (error) {
      this.#options.log.error('an object could not be stored', {
        kind: this.#options.resource.kind,
        key,
        error,
      });
      return null;
    }
  }

  #drop(key: Key, uid?: string): void {
    const previous = this.#options.store.remove(key, uid);
    if (previous) this.#tell({ key, previous, current: null });
  }

  #tell(change: Change<T>): void {
    try {
      this.#options.onChange(change);
    } catch (error) {
      this.#options.log.error('a change could not be processed', {
        kind: this.#options.resource.kind,
        key: change.key,
        error,
      });
    }
  }

  /** Whether a key is in this reflector's namespace. Several reflectors, one per namespace, may share a store. */
  #covers(key: Key): boolean {
    const { namespace } = this.#options;
    return namespace === null || key.startsWith(`${namespace}/`);
  }

  #count(reason: string): void {
    this.#restarts.add(1, { kind: this.#options.resource.kind, reason });
  }
}

function backoff(failures: number, random: number, retryAfterMs: number): number {
  const base = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10), LONGEST_BACKOFF_MS);
  return Math.max(base * (1 + random), retryAfterMs);
}
