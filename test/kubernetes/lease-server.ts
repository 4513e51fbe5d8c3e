import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';

export interface StoredLease {
  metadata: { resourceVersion?: string; annotations?: Record<string, string> };
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    leaseTransitions?: number;
    acquireTime?: string;
    renewTime?: string;
  };
}

/** What happens to a request: how long it travels each way, and whether its answer is lost. */
export interface Travel {
  readonly thereMs: number;
  readonly backMs: number;
  readonly lost: boolean;
}

export type TravelOf = (verb: 'get' | 'create' | 'replace', identity: string) => Travel | null;

/** A lease in an API server: one object with optimistic locking, and faults on demand. */
export class LeaseServer {
  lease: StoredLease | null = null;
  down = false;
  /** Returns `null` for a request without delay. */
  travelOf: TravelOf = () => null;
  /** Waits for the travel time of one request. */
  readonly #sleep: (ms: number) => Promise<void>;
  #version = 0;

  constructor(sleep: (ms: number) => Promise<void> = () => Promise.resolve()) {
    this.#sleep = sleep;
  }

  /** Returns the server as one process sees it; `arrive` can delay an answer, as in a frozen process. */
  client(identity = '', arrive: () => Promise<void> = () => Promise.resolve()): KubernetesClient {
    const call = async (
      verb: 'get' | 'create' | 'replace',
      signal: AbortSignal | undefined,
      work: () => StoredLease | null,
    ): Promise<StoredLease | null> => {
      signal?.throwIfAborted();
      const travel = this.travelOf(verb, identity);
      // As on a network: a caller that gives up gets no answer, but the server still carries out the request.
      const answer = (async () => {
        if (travel) await this.#sleep(travel.thereMs);
        if (this.down) throw unreachable();
        const found = structuredClone(work());
        if (travel?.lost) throw unreachable();
        if (travel) await this.#sleep(travel.backMs);
        return found;
      })();
      const gaveUp = Promise.withResolvers<never>();
      const giveUp = () => gaveUp.reject(signal?.reason as Error);
      signal?.addEventListener('abort', giveUp, { once: true });
      try {
        return await Promise.race([answer, gaveUp.promise]);
      } finally {
        signal?.removeEventListener('abort', giveUp);
        // An answer that nothing waits for may be a rejection.
        answer.catch(() => {});
        await arrive();
      }
    };
    return {
      getLease: (_namespace: string, _name: string, signal?: AbortSignal) =>
        call('get', signal, () => this.lease),
      createLease: (_namespace: string, lease: StoredLease, signal?: AbortSignal) =>
        call('create', signal, () => {
          if (this.lease) throw new KubernetesError('AlreadyExists', 409, 'transient', 'exists');
          return this.#store(lease);
        }),
      replaceLease: (_namespace: string, _name: string, lease: StoredLease, signal?: AbortSignal) =>
        call('replace', signal, () => {
          if (!this.lease) throw new KubernetesError('NotFound', 404, 'transient', 'gone');
          if (lease.metadata.resourceVersion !== this.lease.metadata.resourceVersion)
            throw new KubernetesError('Conflict', 409, 'transient', 'conflict');
          return this.#store(lease);
        }),
    } as unknown as KubernetesClient;
  }

  /** Annotates the lease as another client would: a new version of the same record. */
  annotate(annotations: Record<string, string>): void {
    if (!this.lease) throw new Error('there is no lease to annotate');
    this.#store({ ...this.lease, metadata: { ...this.lease.metadata, annotations } });
  }

  #store(lease: StoredLease): StoredLease {
    this.#version += 1;
    const metadata = { ...lease.metadata, resourceVersion: String(this.#version) };
    this.lease = structuredClone({ ...lease, metadata });
    return this.lease;
  }
}

function unreachable(): KubernetesError {
  return new KubernetesError('Unreachable', 0, 'transient', 'down');
}
