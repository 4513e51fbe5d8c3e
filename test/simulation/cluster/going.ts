import type { Clock, Random } from '../../../src/core/clock.ts';
import type { Resource } from '../../../src/kubernetes/resource.ts';
import type { ApiServer, Write } from './api-server.ts';
import { NAMESPACES } from './builtin-kinds.ts';
import type { ServedKind } from './served-kind.ts';

/** The longest the cluster's controllers take to see what to delete, and again to see that all of it is gone. */
const LONGEST_DELAY_MS = 5_000;

export interface GoingOptions {
  readonly server: ApiServer;
  readonly kinds: readonly ServedKind[];
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Does what a cluster does by itself when a namespace or a CRD is deleted: some seconds later it deletes the objects in
 * it, and once they are gone, the namespace or the CRD itself.
 */
export class Going {
  readonly #options: GoingOptions;

  constructor(options: GoingOptions) {
    this.#options = options;
    options.server.onWrite((write) => this.#onWrite(write));
  }

  /** Deletes what is in a terminating namespace, after some seconds. */
  namespace(name: string): void {
    this.#later(() => {
      for (const { resource } of this.#options.kinds)
        if (resource !== NAMESPACES) this.#deleteAll('namespace-controller', resource, name);
      this.#endNamespace(name);
    });
  }

  /** Makes a kind terminate: it takes no new objects, and its objects are deleted after some seconds. */
  kind(resource: Resource): void {
    this.#options.server.setStanding(resource, 'Terminating');
    this.#later(() => {
      this.#deleteAll('customresource-finalizer', resource, null);
      this.#endKind(resource);
    });
  }

  /** Lets a terminating namespace or kind go if this write removed its last object. */
  #onWrite({ kind, before, after }: Write): void {
    if (after || !before) return;
    const { namespace } = before.metadata;
    const resource = this.#options.kinds.find((served) => served.resource.kind === kind)?.resource;
    if (this.#isTerminating(namespace)) this.#later(() => this.#endNamespace(namespace));
    if (resource && this.#options.server.standing(resource) === 'Terminating')
      this.#later(() => this.#endKind(resource));
  }

  #isTerminating(namespace: string): boolean {
    return this.#options.server.find(NAMESPACES, '', namespace)?.metadata.deletionTimestamp !== undefined;
  }

  #endNamespace(name: string): void {
    const { server, kinds } = this.#options;
    if (!this.#isTerminating(name)) return;
    if (kinds.some(({ resource }) => server.all(resource, name).length > 0)) return;
    server.patch('namespace-controller', NAMESPACES, '', name, { metadata: { finalizers: null } });
  }

  #endKind(resource: Resource): void {
    const { server } = this.#options;
    if (server.standing(resource) === 'Terminating' && server.all(resource).length === 0)
      server.setStanding(resource, 'Absent');
  }

  #deleteAll(by: string, resource: Resource, namespace: string | null): void {
    const { server } = this.#options;
    for (const { metadata } of server.all(resource, namespace))
      server.remove(by, resource, metadata.namespace, metadata.name);
  }

  #later(work: () => void): void {
    const { clock, random } = this.#options;
    clock.schedule(random() * LONGEST_DELAY_MS, work);
  }
}
