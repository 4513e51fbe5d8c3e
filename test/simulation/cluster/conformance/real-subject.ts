import { buildCrd } from '../../../../src/api/crd.ts';
import { kinds as ourKinds } from '../../../../src/api/kinds.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { KubernetesClient } from '../../../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../../../src/kubernetes/connection.ts';
import { isExpired, isNotFound } from '../../../../src/kubernetes/errors.ts';
import {
  collectionPath,
  type KubernetesObject,
  objectPath,
  type Resource,
} from '../../../../src/kubernetes/resource.ts';
import { type ControlPlane, startControlPlane } from '../../../controlplane/control-plane.ts';
import { installCrd, loadConfig, until } from '../../../kubernetes/rig.ts';
import { EVENTS, LEASES, SECRETS } from '../builtin-kinds.ts';
import type { Manifest } from '../simulated-cluster.ts';
import type { Subject } from './subject.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A real control plane of its own, since scripts delete whole CRDs and wait for etcd to be compacted. */
export class RealSubject {
  readonly #plane: ControlPlane;
  readonly #connection: ApiServerConnection;
  readonly #client: KubernetesClient;
  readonly #resources: ReadonlyMap<string, Resource> = new Map(
    [LEASES, EVENTS, SECRETS, ...ourKinds.map(({ names }) => names)].map((resource) => [
      resource.kind,
      resource,
    ]),
  );

  private constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#connection = new ApiServerConnection(loadConfig(plane.kubeconfigPath), systemClock);
    this.#client = new KubernetesClient(this.#connection);
  }

  static async start(): Promise<RealSubject> {
    const plane = await startControlPlane({
      controllerManager: true,
      apiServerFlags: ['--etcd-compaction-interval=2s'],
    });
    const subject = new RealSubject(plane);
    for (const { names } of ourKinds) await subject.#installKind(names.kind);
    return subject;
  }

  async stop(): Promise<void> {
    await this.#connection.close();
    await this.#plane.stop();
  }

  /** Runs a script on it, in a namespace of its own. */
  async run<T>(namespace: string, script: (subject: Subject) => Promise<T>): Promise<T> {
    await this.#createNamespace(namespace);
    try {
      return await script(this.#subject(namespace));
    } finally {
      for (const { names } of ourKinds) await this.#clear(names);
    }
  }

  /** Deletes all objects of a kind, with their finalizers: one that is kept would keep its whole CRD. */
  async #clear(resource: Resource): Promise<void> {
    const { items } = await this.#client.list<KubernetesObject>(resource, null, { limit: 1000 });
    for (const { metadata } of items) {
      const { namespace, name } = metadata;
      await this.#client.mergePatch(resource, namespace, name, { metadata: { finalizers: null } }, 'kubectl');
      if (metadata.deletionTimestamp === undefined) await this.#delete(objectPath(resource, namespace, name));
    }
  }

  #subject(namespace: string): Subject {
    return {
      namespace,
      client: this.#client,
      apply: (manifest) => this.#apply(manifest),
      edit: (kind, name, patch) =>
        this.#client.mergePatch(this.#resourceOf(kind), namespace, name, patch, 'kubectl'),
      remove: (kind, name) => this.#delete(objectPath(this.#resourceOf(kind), namespace, name)),
      createNamespace: (name) => this.#createNamespace(name),
      removeNamespace: (name) => this.#delete(`/api/v1/namespaces/${name}`),
      removeKind: (kind) => this.#delete(`${CRDS}/${crdName(this.#resourceOf(kind))}`),
      installKind: (kind) => this.#installKind(kind),
      putSecret: (name, data) => this.#putSecret(namespace, name, data),
      removeSecret: (name) => this.#delete(objectPath(SECRETS, namespace, name)),
      compact: () => this.#compact(namespace),
      sleep: (ms) => systemClock.sleep(ms),
    };
  }

  /** Applies as the simulated cluster does: replaces the spec, merges annotations and labels. */
  async #apply(manifest: Manifest): Promise<KubernetesObject> {
    const resource = this.#resourceOf(manifest.kind);
    const { name, namespace, labels, annotations } = manifest.metadata;
    const current = await this.#client.get<KubernetesObject & { metadata: Manifest['metadata'] }>(
      resource,
      namespace,
      name,
    );
    if (!current) return this.#client.create(resource, namespace, manifest);
    const metadata = {
      ...current.metadata,
      labels: { ...current.metadata.labels, ...labels },
      annotations: { ...current.metadata.annotations, ...annotations },
    };
    const path = objectPath(resource, namespace, name);
    return this.#connection.send({
      method: 'PUT',
      path,
      body: { ...current, metadata, spec: manifest.spec },
    });
  }

  async #createNamespace(name: string): Promise<void> {
    await this.#connection.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  }

  async #installKind(kind: string): Promise<void> {
    const definition = ourKinds.find(({ names }) => names.kind === kind);
    if (!definition) throw new Error(`${kind} is no kind of ours`);
    await installCrd(this.#connection, buildCrd(definition));
    await until(`${kind} is served`, async () => {
      const verbs = await this.#client.verbs(definition.names);
      return (verbs?.includes('create') ?? false) && (await this.#isListed(definition.names));
    });
  }

  /** Whether lists are served: discovery may be ahead of the handler. */
  async #isListed(resource: Resource): Promise<boolean> {
    try {
      await this.#client.list(resource, null, { limit: 1 });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #putSecret(namespace: string, name: string, data: Record<string, string>): Promise<void> {
    const known = (await this.#client.readSecret(namespace, name)) !== null;
    await this.#connection.send({
      method: known ? 'PUT' : 'POST',
      path: known ? objectPath(SECRETS, namespace, name) : collectionPath(SECRETS, namespace),
      body: { metadata: { name, namespace }, stringData: data },
    });
  }

  /** Waits for the API server to compact, which it does every two seconds here. */
  async #compact(namespace: string): Promise<void> {
    for (const name of ['compacted-1', 'compacted-2']) await this.#putSecret(namespace, name, {});
    const { next } = await this.#client.list(SECRETS, namespace, { limit: 1 });
    await until('a continue token expires', async () => {
      await this.#putSecret(namespace, 'compacted-1', { at: String(performance.now()) });
      try {
        await this.#client.list(SECRETS, namespace, { limit: 1, next });
        return false;
      } catch (error) {
        if (isExpired(error)) return true;
        throw error;
      }
    });
  }

  async #delete(path: string): Promise<void> {
    await this.#connection.send({ method: 'DELETE', path });
  }

  #resourceOf(kind: string): Resource {
    const resource = this.#resources.get(kind);
    if (!resource) throw new Error(`the conformance table knows no kind ${kind}`);
    return resource;
  }
}

function crdName({ plural, group }: Resource): string {
  return `${plural}.${group}`;
}
