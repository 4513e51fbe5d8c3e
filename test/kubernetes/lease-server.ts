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

/** What becomes of a request: how long it travels each way, and whether its answer arrives. */
export interface Travel {
  readonly thereMs: number;
  readonly backMs: number;
  readonly lost: boolean;
}

export type TravelOf = (verb: 'get' | 'create' | 'replace', identity: string) => Travel | null;

/** A lease as the API server keeps it: one object, optimistic locking, and faults on demand. */
export class LeaseServer {
  lease: StoredLease | null = null;
  down = false;
  /** Null for at once. */
  travelOf: TravelOf = () => null;
  /** Waits the milliseconds of a travel, for one client. */
  readonly #sleep: (ms: number) => Promise<void>;
  #version = 0;

  constructor(sleep: (ms: number) => Promise<void> = () => Promise.resolve()) {
    this.#sleep = sleep;
  }

  /** The server as one process sees it; `arrive` may hold an answer back, as a process that is frozen does. */
  client(identity = '', arrive: () => Promise<void> = () => Promise.resolve()): KubernetesClient {
    const call = async (
      verb: 'get' | 'create' | 'replace',
      signal: AbortSignal | undefined,
      work: () => StoredLease | null,
    ): Promise<StoredLease | null> => {
      signal?.throwIfAborted();
      const travel = this.travelOf(verb, identity);
      // As over a wire: who gives up gets no answer, and the server does what it was asked all the same.
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
        // The answer that nobody waits for any more may be a refusal.
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

  /** Somebody annotates the lease: a new version of the same record. */
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
