import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import { type Change, Reflector, type ReflectorOptions } from '../../src/kubernetes/reflector.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';
import { FaultyProxy } from './faulty-proxy.ts';

/** Config maps stand in for our kinds where no status is needed, since every API server has them. */
export const MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap' };
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };

export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** A test kind with a status. */
export const WIDGETS: Resource = {
  group: 'runtime.test',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
};

export interface WidgetStatus {
  readonly size?: number;
  readonly notes?: readonly string[];
}

export interface Widget extends KubernetesObject {
  readonly spec?: { readonly size?: number };
  readonly status?: WidgetStatus;
}

/** A real API server, seen directly (`admin`) and through a proxy that injects faults on demand (`client`). */
export class Rig {
  readonly namespace: string;
  readonly kubeconfigPath: string;
  readonly proxy: FaultyProxy;
  readonly connection: ApiServerConnection;
  readonly client: KubernetesClient;
  /** Requests of the tests themselves bypass the proxy. */
  readonly direct: ApiServerConnection;
  readonly admin: KubernetesClient;
  readonly #stopControlPlane: () => Promise<void>;
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(
    namespace: string,
    plane: { kubeconfigPath: string; stop: () => Promise<void> },
    proxy: FaultyProxy,
  ) {
    this.namespace = namespace;
    this.kubeconfigPath = plane.kubeconfigPath;
    this.#stopControlPlane = plane.stop;
    this.proxy = proxy;
    this.connection = new ApiServerConnection(proxy.config, systemClock);
    this.client = new KubernetesClient(this.connection);
    this.direct = new ApiServerConnection(loadConfig(plane.kubeconfigPath), systemClock);
    this.admin = new KubernetesClient(this.direct);
  }

  /** Starts a rig with a namespace per test file, since the API server may be shared. */
  static async start(purpose: string): Promise<Rig> {
    const plane = await useControlPlane();
    const namespace = `runtime-${purpose}-${Math.random().toString(36).slice(2, 8)}`;
    const rig = new Rig(namespace, plane, await FaultyProxy.start(plane.kubeconfigPath));
    await rig.createNamespace(namespace);
    return rig;
  }

  /** Stops everything that a test started, and removes all faults. */
  async reset(): Promise<void> {
    this.proxy.faultOf = () => null;
    for (const stop of this.#stops.splice(0)) await stop();
    // An abandoned request may still be on its way to the proxy, and would get the next test's fault. Once a later
    // request is answered, it has arrived.
    await this.client.namespaceGoing(this.namespace);
  }

  async stop(): Promise<void> {
    await this.reset();
    await this.connection.close();
    await this.direct.close();
    await this.proxy.close();
    await this.#stopControlPlane();
  }

  async createNamespace(name: string): Promise<void> {
    await this.direct.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  }

  createMap(name: string, value = ''): Promise<ConfigMap> {
    return this.admin.create<ConfigMap>(MAPS, this.namespace, { metadata: { name }, data: { value } });
  }

  async changeMap(name: string, value: string): Promise<ConfigMap> {
    return this.admin.mergePatch<ConfigMap>(MAPS, this.namespace, name, { data: { value } }, 'somebody');
  }

  async deleteMap(name: string): Promise<void> {
    await this.direct.send({
      method: 'DELETE',
      path: `/api/v1/namespaces/${this.namespace}/configmaps/${name}`,
    });
  }

  /** Installs the test kind, once per API server, and waits until it is served. */
  async installWidgets(): Promise<void> {
    await installCrd(this.direct, widgetCrd('widgets', 'Widget'));
    await until(
      'widgets are served',
      async () => (await this.admin.verbs(WIDGETS))?.includes('create') ?? false,
    );
  }

  createWidget(name: string, spec: object = {}): Promise<Widget> {
    return this.admin.create<Widget>(WIDGETS, this.namespace, {
      apiVersion: 'runtime.test/v1',
      kind: 'Widget',
      metadata: { name },
      spec,
    });
  }

  /** Starts a reflector for config maps through the proxy; it ends with the test. */
  begin(options: Partial<ReflectorOptions<ConfigMap>> = {}): {
    store: Store<ConfigMap>;
    changes: Change<ConfigMap>[];
    reflector: Reflector<ConfigMap>;
  } {
    const store = new Store<ConfigMap>();
    const changes: Change<ConfigMap>[] = [];
    const reflector = new Reflector<ConfigMap>({
      client: this.client,
      resource: MAPS,
      namespace: this.namespace,
      store,
      onChange: (change) => changes.push(change),
      clock: hasty(),
      random: () => 0,
      log: silentLogger,
      meter: silentMeter,
      ...options,
    });
    const stopping = new AbortController();
    const running = reflector.run(stopping.signal);
    this.#stops.push(async () => {
      stopping.abort(new Error('the test is over'));
      await running;
    });
    return { store, changes, reflector };
  }

  /** Starts a reflector and waits until its first list is read. */
  async reflect(options: Partial<ReflectorOptions<ConfigMap>> = {}) {
    const begun = this.begin(options);
    await until('the first list is read', () => begun.reflector.synced);
    return begun;
  }
}

/** Returns the real clock with sleeps twenty times shorter: events keep their order, without long waits. */
export function hasty(onSleep: (ms: number) => void = () => {}): Clock {
  return {
    ...systemClock,
    sleep: (ms, signal) => {
      onSleep(ms);
      return systemClock.sleep(ms / 20, signal);
    },
  };
}

export function loadConfig(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

export async function until(what: string, seen: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await seen())) {
    if (performance.now() > deadline) assert.fail(`not within 20 s: ${what}`);
    await sleep(10);
  }
}

export const isWatch = (url: string | undefined) => url?.includes('watch=true') ?? false;
export const isList = (url: string | undefined) => (url?.includes('/configmaps?') ?? false) && !isWatch(url);

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Creates a CRD unless another test file has done so. */
export async function installCrd(connection: ApiServerConnection, crd: object): Promise<void> {
  try {
    await connection.send({ method: 'POST', path: CRDS, body: crd });
  } catch (error) {
    if (!(error instanceof KubernetesError) || error.code !== 'AlreadyExists') throw error;
  }
}

export async function deleteCrd(connection: ApiServerConnection, plural: string): Promise<void> {
  await connection.send({ method: 'DELETE', path: `${CRDS}/${plural}.runtime.test` });
}

/** Returns the CRD of a namespaced kind in the group `runtime.test` with a free-form spec and a status. */
export function widgetCrd(plural: string, kind: string): object {
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.runtime.test` },
    spec: {
      group: 'runtime.test',
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: free, status: free } } },
        },
      ],
    },
  };
}
