import type { Clock, Random } from '../../../src/core/clock.ts';
import type { ClusterClient } from '../../../src/kubernetes/client.ts';
import type { Resource } from '../../../src/kubernetes/resource.ts';
import { ApiServer, type Write } from './api-server.ts';
import { NAMESPACES, SECRETS } from './builtin-kinds.ts';
import type { ClientFaults } from './client-faults.ts';
import { type EventRecord, EventRecords } from './event-records.ts';
import { Going } from './going.ts';
import type { Json, MergePatch, StoredObject } from './object.ts';
import { servedKinds } from './served-kinds.ts';
import { SimulatedClient } from './simulated-client.ts';

export type { Write } from './api-server.ts';
export type { ClientFaults } from './client-faults.ts';
export type { EventRecord } from './event-records.ts';
export type { MergePatch, StoredObject } from './object.ts';

export interface SimulatedClusterOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** A manifest as users and GitOps tools write it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  readonly spec: object;
}

/** The connection of one operator process to the cluster. */
export interface Connection {
  readonly client: ClusterClient;
  /** Ends its watches and makes every later call reject, as if the process was killed. */
  disconnect(): void;
  readonly faults: ClientFaults;
}

/** The writer of everything that a test or a scenario writes. */
const KUBECTL = 'kubectl';

/**
 * A cluster in memory: the API server as far as the operator uses it, the cluster's own controllers for namespaces and
 * CRDs, and the users who write to it. All time comes from the clock and all randomness from `random`, so that a run is
 * the same every time.
 */
export class SimulatedCluster {
  readonly #server: ApiServer;
  readonly #going: Going;
  readonly #options: SimulatedClusterOptions;
  readonly #events = new EventRecords();
  readonly #resources: ReadonlyMap<string, Resource>;

  constructor(options: SimulatedClusterOptions) {
    const kinds = servedKinds;
    this.#options = options;
    this.#server = new ApiServer({ ...options, kinds });
    this.#going = new Going({ ...options, server: this.#server, kinds });
    this.#resources = new Map(kinds.map(({ resource }) => [resource.kind, resource]));
    this.#server.onWrite((write) => this.#events.note(write));
  }

  /** Connects one operator process; `name` identifies it as a writer. */
  connect(name: string): Connection {
    const client = new SimulatedClient({ ...this.#options, name, server: this.#server });
    return { client, disconnect: () => client.disconnect(), faults: client.faults };
  }

  /** Creates an object, or replaces the spec of an existing one and merges annotations and labels. */
  async apply(manifest: Manifest): Promise<StoredObject> {
    const resource = this.#resourceOf(manifest.kind);
    const { name, namespace } = manifest.metadata;
    const current = this.#server.find(resource, namespace, name);
    if (!current) return this.#server.create(KUBECTL, resource, namespace, manifest);
    const { labels, annotations } = current.metadata;
    const metadata = {
      ...current.metadata,
      labels: { ...labels, ...manifest.metadata.labels },
      annotations: { ...annotations, ...manifest.metadata.annotations },
    };
    return this.#server.replace(KUBECTL, resource, namespace, name, {
      ...current,
      metadata,
      spec: manifest.spec,
    });
  }

  /** Merges a patch into the main resource, as `kubectl patch --type=merge`, `annotate` and `edit` do. */
  async edit(kind: string, namespace: string, name: string, patch: MergePatch): Promise<StoredObject> {
    return this.#server.patch(KUBECTL, this.#resourceOf(kind), namespace, name, patch);
  }

  /** Deletes an object; one that has finalizers is only marked. */
  async remove(kind: string, namespace: string, name: string): Promise<void> {
    this.#server.remove(KUBECTL, this.#resourceOf(kind), namespace, name);
  }

  createNamespace(name: string): void {
    // The namespace controller removes it once the namespace is empty.
    const finalizers = ['kubernetes'];
    this.#server.create(KUBECTL, NAMESPACES, '', { metadata: { name, finalizers } });
  }

  /** Deletes a namespace with everything in it, within some seconds. */
  removeNamespace(name: string): void {
    this.#server.remove(KUBECTL, NAMESPACES, '', name);
    this.#going.namespace(name);
  }

  /** Deletes the CRD of one of our kinds, and with it all objects, within some seconds. */
  removeKind(kind: string): void {
    this.#going.kind(this.#resourceOf(kind));
  }

  /** Installs the CRD of one of our kinds again. @throws Error while it is still being deleted */
  installKind(kind: string): void {
    const resource = this.#resourceOf(kind);
    if (this.#server.standing(resource) === 'Terminating')
      throw new Error(`the CRD of ${kind} is still being deleted: wait until its objects are gone`);
    this.#server.setStanding(resource, 'Served');
  }

  /** Creates a Secret, or replaces its data; the values are plain text, not base64. */
  putSecret(namespace: string, name: string, data: Readonly<Record<string, string>>): void {
    const encoded: Json = Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    const body = { metadata: { name, namespace }, data: encoded };
    if (this.#server.find(SECRETS, namespace, name))
      this.#server.replace(KUBECTL, SECRETS, namespace, name, body);
    else this.#server.create(KUBECTL, SECRETS, namespace, body);
  }

  removeSecret(namespace: string, name: string): void {
    this.#server.remove(KUBECTL, SECRETS, namespace, name);
  }

  object(kind: string, namespace: string, name: string): StoredObject | null {
    return this.#server.find(this.#resourceOf(kind), namespace, name);
  }

  objects(kind: string): readonly StoredObject[] {
    return this.#server.all(this.#resourceOf(kind));
  }

  /** Returns every event ever reported, including those that the API server has dropped. */
  events(): readonly EventRecord[] {
    return this.#events.all();
  }

  /** Calls `listener` after every committed write, before any watch delivers it. */
  onWrite(listener: (write: Write) => void): void {
    this.#server.onWrite(listener);
  }

  /** Forgets what was written so far, as happens every five minutes: older watches and continue tokens expire. */
  compact(): void {
    this.#server.compact();
  }

  #resourceOf(kind: string): Resource {
    const resource = this.#resources.get(kind);
    if (!resource) throw new Error(`the simulated cluster knows no kind ${kind}`);
    return resource;
  }
}
