import type { ApiRequest, ApiServerConnection } from './connection.ts';
import { isNotFound, KubernetesError } from './errors.ts';
import { collectionPath, groupPath, type KubernetesObject, objectPath, type Resource } from './resource.ts';
import { readWatchLines, type WatchLine } from './watch-lines.ts';

/** One page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Token of the next page; empty on the last. */
  readonly next: string;
}

/** A Secret's data, decoded. */
export interface SecretReading {
  readonly resourceVersion: string;
  readonly data: ReadonlyMap<string, Buffer>;
}

/** Leases of leader elections. */
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
};
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };

/** 500 objects of ordinary size take 1 or 2 MiB; larger pages are read again with fewer objects (list-pages.ts). */
const LARGEST_PAGE_BYTES = 4 * 1024 * 1024;
/** The API server's own request timeout: a page of 500 objects can be a few MiB. */
const LIST_TIMEOUT_MS = 60_000;

/**
 * The operator's requests to the API server. Objects are read and written as plain JSON, because client-node's models
 * drop fields that they do not know, in both directions.
 */
export class KubernetesClient {
  readonly #connection: ApiServerConnection;

  constructor(connection: ApiServerConnection) {
    this.#connection = connection;
  }

  /** Reads one object from etcd, not from a cache. Returns `null` if it does not exist. */
  async get<T extends KubernetesObject>(
    resource: Resource,
    namespace: string,
    name: string,
    signal?: AbortSignal,
  ): Promise<T | null> {
    return this.#find<T>(objectPath(resource, namespace, name), signal);
  }

  /**
   * Reads one page of a list.
   * @throws KubernetesError, Expired if the continue token is too old; TooLarge if a page of several objects exceeds 4
   *   MiB; Malformed if the response is not a list, which must never be mistaken for an empty list
   */
  async list<T>(
    resource: Resource,
    namespace: string | null,
    page: { limit: number; next?: string },
    signal?: AbortSignal,
  ): Promise<ListPage<T>> {
    const query = { limit: String(page.limit), ...(page.next ? { continue: page.next } : {}) };
    const list = await this.#connection.send<{
      items?: T[] | null;
      metadata?: { resourceVersion?: string; continue?: string };
    }>({
      method: 'GET',
      path: collectionPath(resource, namespace),
      query,
      signal,
      timeoutMs: LIST_TIMEOUT_MS,
      ...(page.limit > 1 ? { mostBytes: LARGEST_PAGE_BYTES } : {}),
    });
    const { resourceVersion, continue: next = '' } = list.metadata ?? {};
    if (!resourceVersion || !Array.isArray(list.items ?? []))
      throw new KubernetesError(
        'Malformed',
        0,
        'transient',
        `list ${resource.plural}: the response is not a list`,
      );
    return { items: list.items ?? [], resourceVersion, next };
  }

  /** Streams the changes after `resourceVersion`, bookmarks included, until the server ends the stream. */
  async *watch(
    resource: Resource,
    namespace: string | null,
    options: { resourceVersion: string; timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchLine> {
    const body = await this.#connection.open({
      method: 'GET',
      path: collectionPath(resource, namespace),
      query: {
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: options.resourceVersion,
        timeoutSeconds: String(options.timeoutSeconds),
      },
      signal,
    });
    yield* readWatchLines(body);
  }

  async create<T>(resource: Resource, namespace: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.#connection.send<T>({
      method: 'POST',
      path: collectionPath(resource, namespace),
      body,
      signal,
    });
  }

  /** Server-side apply of `status`; `body` carries apiVersion, kind and the resourceVersion it was computed from. */
  async applyStatus<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    fieldManager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#connection.send<T>({
      method: 'PATCH',
      path: `${objectPath(resource, namespace, name)}/status`,
      query: { fieldManager, force: 'true' },
      body,
      contentType: 'application/apply-patch+yaml',
      signal,
    });
  }

  /** JSON merge patch (RFC 7386) of `status`: removes fields no matter which field manager owns them. */
  async patchStatus<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    fieldManager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#patch<T>(`${objectPath(resource, namespace, name)}/status`, body, fieldManager, signal);
  }

  /** JSON merge patch (RFC 7386) of the main resource. */
  async mergePatch<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    fieldManager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#patch<T>(objectPath(resource, namespace, name), body, fieldManager, signal);
  }

  /** Reads and decodes a Secret's data. Returns `null` if the Secret does not exist. */
  async readSecret(namespace: string, name: string): Promise<SecretReading | null> {
    const secret = await this.#find<KubernetesObject & { data?: Record<string, string> }>(
      objectPath(SECRETS, namespace, name),
    );
    if (!secret) return null;
    const data = new Map(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    );
    return { resourceVersion: secret.metadata.resourceVersion, data };
  }

  /** Whether a namespace is terminating or deleted. */
  async namespaceGoing(name: string): Promise<boolean> {
    const namespace = await this.#find<KubernetesObject>(`/api/v1/namespaces/${encodeURIComponent(name)}`);
    return namespace === null || namespace.metadata.deletionTimestamp !== undefined;
  }

  /**
   * Returns the verbs that discovery lists for a kind, or `null` if discovery does not list the kind. A CRD that is
   * being deleted loses `create` and `update` in discovery before its objects are deleted.
   */
  async verbs(resource: Resource): Promise<readonly string[] | null> {
    try {
      const list = await this.#connection.send<{ resources?: { name: string; verbs?: string[] }[] }>({
        method: 'GET',
        path: groupPath(resource),
      });
      return list.resources?.find((entry) => entry.name === resource.plural)?.verbs ?? null;
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async getLease<T>(namespace: string, name: string, signal: AbortSignal): Promise<T | null> {
    return this.#find<T>(objectPath(LEASES, namespace, name), signal, { isUrgent: true });
  }

  async createLease<T>(namespace: string, lease: unknown, signal: AbortSignal): Promise<T> {
    const path = collectionPath(LEASES, namespace);
    return this.#connection.send<T>({ method: 'POST', path, body: lease, signal, isUrgent: true });
  }

  /** Replaces a lease. Its resourceVersion must be current. */
  async replaceLease<T>(namespace: string, name: string, lease: unknown, signal: AbortSignal): Promise<T> {
    return this.#connection.send<T>({
      method: 'PUT',
      path: objectPath(LEASES, namespace, name),
      body: lease,
      signal,
      isUrgent: true,
    });
  }

  async createEvent(namespace: string, event: unknown, signal?: AbortSignal): Promise<void> {
    await this.create(EVENTS, namespace, event, signal);
  }

  /** @throws KubernetesError, NotFound once the API server has expired the event (after an hour, by default) */
  async patchEvent(
    namespace: string,
    name: string,
    patch: unknown,
    fieldManager: string,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.mergePatch(EVENTS, namespace, name, patch, fieldManager, signal);
  }

  #patch<T>(path: string, body: unknown, fieldManager: string, signal?: AbortSignal): Promise<T> {
    return this.#connection.send<T>({
      method: 'PATCH',
      path,
      query: { fieldManager },
      body,
      contentType: 'application/merge-patch+json',
      signal,
    });
  }

  async #find<T>(
    path: string,
    signal?: AbortSignal,
    how: Pick<ApiRequest, 'isUrgent'> = {},
  ): Promise<T | null> {
    try {
      return await this.#connection.send<T>({ method: 'GET', path, signal, ...how });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }
}

/** The client interface that the rest of the program depends on. The simulation implements it in memory. */
export type ClusterClient = Pick<KubernetesClient, keyof KubernetesClient>;
