import type { Clock, Random } from '../core/clock.ts';
import { CodedError, isAbort } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import type { KubernetesClient, ListPage } from './client.ts';
import { errorOfAnswer, isExpired } from './errors.ts';
import { type Key, type KubernetesObject, keyOf, type Resource, withoutBookkeeping } from './resource.ts';
import type { Store } from './store.ts';

/** What changed: `previous` null for a new object, `current` null for one that is gone. */
export interface Change<T> {
  readonly key: Key;
  readonly previous: T | null;
  readonly current: T | null;
  /** Part of the first list after start, not something that just happened. */
  readonly initial: boolean;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: KubernetesClient;
  readonly resource: Resource;
  /** Null for every namespace. */
  readonly namespace: string | null;
  readonly store: Store<T>;
  /** Must not throw and must not wait: it puts a key into a queue. */
  readonly onChange: (change: Change<T>) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  /** A watch that is silent for longer is taken for dead. Bookmarks come about once a minute. */
  readonly idleMs?: number;
}

const PAGE = 500;
const IDLE_MS = 150_000;
/** client-go's reflector: 800 ms, doubled, at most 30 s, plus up to 100 % jitter. */
const FIRST_BACKOFF_MS = 800;
const LONGEST_BACKOFF_MS = 30_000;

/**
 * Keeps a Store equal to what the API server holds: a paged list, then a watch with bookmarks, for ever. A reset, a
 * 5xx, a 429, an error within the stream or a silent connection costs a backoff and another watch from the last
 * version seen; a version that is too old (410) costs a new list, whose differences are told as changes.
 */
export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #restarts;
  #version: string | null = null;
  readonly #firstList = Promise.withResolvers<void>();
  #synced = false;
  #lastContact: number;
  #failures = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#lastContact = options.clock.monotonic();
    this.#restarts = options.meter.counter(
      'watch_restarts_total',
      'Watches that ended early and were begun again.',
      ['kind', 'reason'],
    );
  }

  get resource(): Resource {
    return this.#options.resource;
  }

  /** True once the first list was read whole. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Resolves when the first list was read whole. */
  get firstList(): Promise<void> {
    return this.#firstList.promise;
  }

  /** The monotonic clock when the API server last said anything, a bookmark included. */
  get lastContact(): number {
    return this.#lastContact;
  }

  /** Runs until `signal` aborts. Never rejects for anything the API server does. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, resource } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#version === null) await this.#list(signal);
        await this.#watch(signal);
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) {
          this.#version = null;
          this.#count('Expired');
          continue;
        }
        this.#failures += 1;
        this.#count(error instanceof CodedError ? error.code : isAbort(error) ? 'Idle' : 'Reset');
        const delay = backoff(
          this.#failures,
          random(),
          error instanceof CodedError ? (error.retryAfterMs ?? 0) : 0,
        );
        log.warn('watch interrupted', { kind: resource.kind, retryMs: Math.round(delay), error });
        await clock.sleep(delay, signal).catch(() => {});
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, store } = this.#options;
    const seen = new Set<Key>();
    let version = '';
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: ListPage<T> = await client.list<T>(resource, namespace, { limit: PAGE, next }, signal);
      this.#lastContact = this.#options.clock.monotonic();
      for (const item of page.items) {
        seen.add(keyOf(item));
        this.#take(item, !this.#synced);
      }
      version = page.resourceVersion;
      next = page.next === '' ? undefined : page.next;
    }
    for (const key of store.keys()) {
      if (!seen.has(key) && this.#covers(key)) this.#drop(key);
    }
    this.#version = version;
    this.#synced = true;
    this.#firstList.resolve();
    this.#failures = 0;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, clock, random } = this.#options;
    const stop = new AbortController();
    const idleMs = this.#options.idleMs ?? IDLE_MS;
    let cancelIdle = () => {};
    const alive = () => {
      this.#lastContact = clock.monotonic();
      cancelIdle();
      cancelIdle = clock.schedule(idleMs, () =>
        stop.abort(new DOMException('the watch fell silent', 'AbortError')),
      );
    };
    alive();
    try {
      // 5 to 10 minutes, so that watches of one process do not all end at once.
      const timeoutSeconds = 300 + Math.floor(random() * 300);
      const lines = client.watch(
        resource,
        namespace,
        { resourceVersion: this.#version ?? '', timeoutSeconds },
        AbortSignal.any([signal, stop.signal]),
      );
      for await (const line of lines) {
        alive();
        this.#failures = 0;
        this.#handle(line.type, line.object);
      }
    } finally {
      cancelIdle();
    }
  }

  #handle(type: string, object: Record<string, unknown>): void {
    if (type === 'ERROR') {
      const status = Number(object['code']) || 500;
      throw errorOfAnswer(
        `watch ${this.#options.resource.plural}`,
        status,
        JSON.stringify(object),
        undefined,
      );
    }
    const item = object as unknown as T;
    if (type === 'DELETED') this.#drop(keyOf(item), item.metadata.uid);
    else if (type !== 'BOOKMARK') this.#take(item, false);
    this.#version = item.metadata.resourceVersion;
  }

  #take(item: T, initial: boolean): void {
    const { store, onChange } = this.#options;
    const lean = withoutBookkeeping(item);
    const stored = store.put(lean);
    if (!stored) return;
    const previous = stored.previous ?? null;
    const key = keyOf(lean);
    if (previous && previous.metadata.uid !== lean.metadata.uid) {
      // Deleted and created again while nobody looked: two changes, never an update.
      onChange({ key, previous, current: null, initial: false });
      onChange({ key, previous: null, current: lean, initial });
      return;
    }
    if (previous?.metadata.resourceVersion === lean.metadata.resourceVersion) return;
    onChange({ key, previous, current: lean, initial });
  }

  #drop(key: Key, uid?: string): void {
    const previous = this.#options.store.remove(key, uid);
    if (previous) this.#options.onChange({ key, previous, current: null, initial: false });
  }

  /** Several reflectors, one a namespace, may share a store: each answers for its own objects only. */
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
