import { setTimeout as sleep } from 'node:timers/promises';
import { kinds } from '../../src/api/kinds.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { isNotFound, KubernetesError } from '../../src/kubernetes/errors.ts';
import type { Resource } from '../../src/kubernetes/resource.ts';
import type { CheckedObject } from '../api/condition-rules.ts';

/** Records every status that is ever written to one of our objects in some namespaces. */
export class StatusWatch {
  readonly #client: KubernetesClient;
  readonly #watching = new AbortController();
  readonly #watches: readonly Promise<void>[];
  readonly #seen: CheckedObject[] = [];

  constructor(client: KubernetesClient, namespaces: readonly string[]) {
    this.#client = client;
    this.#watches = namespaces.flatMap((namespace) =>
      kinds.map(({ names }) => this.#watch(names, namespace)),
    );
  }

  /** The objects as they were at each write seen so far. */
  get seen(): readonly CheckedObject[] {
    return this.#seen;
  }

  /** Ends the watches, and returns the objects as they were at each write. */
  async stop(): Promise<readonly CheckedObject[]> {
    this.#watching.abort();
    await Promise.all(this.#watches);
    return this.#seen;
  }

  async #watch(resource: Resource, namespace: string): Promise<void> {
    const { signal } = this.#watching;
    let { resourceVersion } = await this.#client.list(resource, namespace, { limit: 500 });
    while (!signal.aborted) {
      try {
        const options = { resourceVersion, timeoutSeconds: 3600 };
        for await (const { type, object } of this.#client.watch(resource, namespace, options, signal)) {
          if (type === 'ADDED' || type === 'MODIFIED') this.#seen.push(object as unknown as CheckedObject);
          // A watch that ends early continues from here, so that no status is seen twice.
          resourceVersion = versionOf(object) ?? resourceVersion;
        }
      } catch (error) {
        // The test has deleted the kinds, so there is nothing left to see.
        if (isNotFound(error)) return;
        // The kinds may be so new that the API server answers 429.
        const early = error instanceof KubernetesError && error.status === 429;
        if (!signal.aborted && !early) throw error;
        await sleep(100);
      }
    }
  }
}

function versionOf(object: object): string | undefined {
  return (object as { readonly metadata?: { readonly resourceVersion?: string } }).metadata?.resourceVersion;
}
