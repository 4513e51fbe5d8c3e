import type { Clock, Random } from '../../../src/core/clock.ts';
import type { ClusterClient, ListPage, SecretReading } from '../../../src/kubernetes/client.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import type { KubernetesObject, Resource } from '../../../src/kubernetes/resource.ts';
import type { WatchLine } from '../../../src/kubernetes/watch-lines.ts';
import { type ApiServer, dataOf } from './api-server.ts';
import { EVENTS, LEASES, NAMESPACES, SECRETS } from './builtin-kinds.ts';
import { ClientFaults, type Fate, type Operation, unreachable, type WatchFault } from './client-faults.ts';
import { statusOf } from './refusal.ts';
import type { WatchStream } from './watch-stream.ts';

/** The timeouts of the real client: of any request, and of a list. */
const REQUEST_TIMEOUT_MS = 30_000;
const LIST_TIMEOUT_MS = 60_000;

export interface SimulatedClientOptions {
  readonly name: string;
  readonly server: ApiServer;
  readonly clock: Clock;
  readonly random: Random;
}

/** Connects one process to the simulated API server, with latency and faults in between. */
export class SimulatedClient implements ClusterClient {
  readonly faults = new ClientFaults((fault, kind) => this.#spoilWatches(fault, kind));
  readonly #options: SimulatedClientOptions;
  readonly #cut = new AbortController();
  readonly #streams = new Map<WatchStream, string>();

  constructor(options: SimulatedClientOptions) {
    this.#options = options;
  }

  /** Cuts the process off: its watches break, calls under way get no answer, later ones reach no server. */
  disconnect(): void {
    this.#cut.abort(unreachable());
    for (const stream of this.#streams.keys()) stream.fail(unreachable());
  }

  get<T extends KubernetesObject>(
    resource: Resource,
    namespace: string,
    name: string,
    signal?: AbortSignal,
  ): Promise<T | null> {
    return this.#find<T>('get', resource, namespace, name, signal);
  }

  list<T>(
    resource: Resource,
    namespace: string | null,
    page: { limit: number; next?: string },
    signal?: AbortSignal,
  ): Promise<ListPage<T>> {
    return this.#call(
      'list',
      resource,
      signal,
      (server) => asSent(server.list(resource, namespace, page)) as ListPage<T>,
    );
  }

  async *watch(
    resource: Resource,
    namespace: string | null,
    options: { resourceVersion: string; timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchLine> {
    const { server, clock } = this.#options;
    await this.#call('watch', resource, signal, () => null);
    signal.throwIfAborted();
    this.#cut.signal.throwIfAborted();
    const stream = server.watch(resource, namespace, options);
    const abort = () => stream.fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#streams.set(stream, resource.kind);
    try {
      for await (const line of stream.lines()) {
        const lateMs = this.faults.takeDelay(resource.kind);
        if (lateMs > 0) await clock.sleep(lateMs, AbortSignal.any([signal, this.#cut.signal]));
        yield asSent(line) as WatchLine;
      }
    } finally {
      signal.removeEventListener('abort', abort);
      this.#streams.delete(stream);
      stream.end();
    }
  }

  create<T>(resource: Resource, namespace: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.#create('create', resource, namespace, body, signal);
  }

  applyStatus<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    manager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#call(
      'applyStatus',
      resource,
      signal,
      (server, by) => asSent(server.applyStatus({ by, manager }, resource, namespace, name, body)) as T,
    );
  }

  patchStatus<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    manager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const patch = (server: ApiServer, by: string) =>
      asSent(server.patchStatus({ by, manager }, resource, namespace, name, body)) as T;
    return this.#call('patchStatus', resource, signal, patch);
  }

  mergePatch<T>(
    resource: Resource,
    namespace: string,
    name: string,
    body: unknown,
    _fieldManager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#call(
      'mergePatch',
      resource,
      signal,
      (server, by) => asSent(server.patch(by, resource, namespace, name, body)) as T,
    );
  }

  async readSecret(namespace: string, name: string): Promise<SecretReading | null> {
    return this.#call('readSecret', SECRETS, undefined, (server) => {
      const secret = server.find(SECRETS, namespace, name);
      if (!secret) return null;
      const data = new Map(
        Object.entries(dataOf(secret)).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
      );
      return { resourceVersion: secret.metadata.resourceVersion, data };
    });
  }

  namespaceGoing(name: string): Promise<boolean> {
    return this.#call('namespaceGoing', NAMESPACES, undefined, (server) => {
      const namespace = server.find(NAMESPACES, '', name);
      return namespace === null || namespace.metadata.deletionTimestamp !== undefined;
    });
  }

  verbs(resource: Resource): Promise<readonly string[] | null> {
    return this.#call('verbs', resource, undefined, (server) => server.verbs(resource));
  }

  getLease<T>(namespace: string, name: string, signal: AbortSignal): Promise<T | null> {
    return this.#find('getLease', LEASES, namespace, name, signal);
  }

  createLease<T>(namespace: string, lease: unknown, signal: AbortSignal): Promise<T> {
    return this.#create('createLease', LEASES, namespace, lease, signal);
  }

  replaceLease<T>(namespace: string, name: string, lease: unknown, signal: AbortSignal): Promise<T> {
    return this.#call(
      'replaceLease',
      LEASES,
      signal,
      (server, by) => asSent(server.replace(by, LEASES, namespace, name, lease)) as T,
    );
  }

  async createEvent(namespace: string, event: unknown, signal?: AbortSignal): Promise<void> {
    await this.#create('createEvent', EVENTS, namespace, event, signal);
  }

  async patchEvent(
    namespace: string,
    name: string,
    patch: unknown,
    _fieldManager: string,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#call('patchEvent', EVENTS, signal, (server, by) => {
      server.patch(by, EVENTS, namespace, name, patch);
    });
  }

  #find<T>(
    operation: Operation,
    resource: Resource,
    namespace: string,
    name: string,
    signal?: AbortSignal,
  ): Promise<T | null> {
    return this.#call(
      operation,
      resource,
      signal,
      (server) => asSent(server.find(resource, namespace, name)) as T | null,
    );
  }

  #create<T>(
    operation: Operation,
    resource: Resource,
    namespace: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#call(
      operation,
      resource,
      signal,
      (server, by) => asSent(server.create(by, resource, namespace, body)) as T,
    );
  }

  /** Makes one request. If the caller gives up, the request may still be executed: it may have been sent already. */
  #call<T>(
    operation: Operation,
    { kind }: Resource,
    signal: AbortSignal | undefined,
    work: (server: ApiServer, by: string) => T,
  ): Promise<T> {
    const { clock, random, server, name } = this.#options;
    const fate = this.faults.next(operation, kind);
    const limitMs = operation === 'list' ? LIST_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted();
      this.#cut.signal.throwIfAborted();
      let recalled = false;
      const giveUp = (reason: Error) => {
        recalled = random() < 0.5;
        settle();
        reject(reason);
      };
      const aborted = () => giveUp(signal?.reason as Error);
      const cut = () => giveUp(unreachable());
      const cancel =
        fate.thereMs + fate.backMs > limitMs ? clock.schedule(limitMs, () => giveUp(tooLate())) : () => {};
      const settle = () => {
        cancel();
        signal?.removeEventListener('abort', aborted);
        this.#cut.signal.removeEventListener('abort', cut);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      this.#cut.signal.addEventListener('abort', cut, { once: true });
      travel(clock, fate, () => {
        if (recalled) throw unreachable();
        return work(server, name);
      })
        .finally(settle)
        .then(resolve, reject);
    });
  }

  #spoilWatches(fault: WatchFault, kind: string | null): void {
    for (const [stream, watched] of this.#streams) {
      if (kind !== null && watched !== kind) continue;
      if (fault.type === 'Reset') stream.fail(new TypeError('terminated'));
      const expired = { type: 'ERROR', object: statusOf('Expired', 'too old resource version') } as const;
      if (fault.type === 'Expired') stream.push(expired);
      if (fault.type !== 'Reset') stream.end();
    }
  }
}

/** Returns a copy that belongs to the reader, as if it came over a wire. */
function asSent(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer)) as unknown;
}

async function travel<T>(clock: Clock, { thereMs, backMs, before, after }: Fate, work: () => T): Promise<T> {
  await pass(clock, thereMs);
  let answer: T;
  try {
    if (before) throw before;
    answer = work();
  } finally {
    await pass(clock, backMs);
  }
  if (after) throw after;
  return answer;
}

/** Waits without a timer for 0 ms, so that the call goes through while the clock stands still. */
async function pass(clock: Clock, ms: number): Promise<void> {
  if (ms > 0) await clock.sleep(ms);
}

function tooLate(): KubernetesError {
  return new KubernetesError('Timeout', 0, 'transient', 'no response in time');
}
