import dotI, { type OperatorLogger, type ResourceMeta } from '@dot-i/k8s-operator';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock, Random } from '../core/clock.ts';
import { StoppedError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Meter } from '../core/meter.ts';
import type { ClusterClient } from './client.ts';
import { KubernetesError } from './errors.ts';
import { type Change, Reflector } from './reflector.ts';
import { collectionPath, type KubernetesObject, type Resource } from './resource.ts';
import type { Store } from './store.ts';

const OperatorBase = dotI.default;

export interface OperatorDeps {
  readonly config: KubeConfig;
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
}

/**
 * The base class of @dot-i/k8s-operator with its broken I/O replaced; the only file that uses that package. Its
 * lifecycle stays (`start` calls `init`, where resources are watched). Everything that talks to the API server is
 * overridden: on client-node 2, its watches end the process after 30 s of silence, its writes go to a URL that begins
 * with `undefined`, and its errors are lost.
 */
export abstract class ReconcilingOperator extends OperatorBase {
  protected readonly deps: OperatorDeps;
  readonly #reflectors: Reflector<KubernetesObject>[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #stop = new AbortController();

  constructor(deps: OperatorDeps) {
    super(loggerFor(deps.log));
    this.deps = deps;
    this.kubeConfig = deps.config;
  }

  /** Keeps `store` in sync with a kind in one namespace or in all, and reports every difference to `onChange`. */
  protected reflect<T extends KubernetesObject>(
    resource: Resource,
    namespace: string | null,
    store: Store<T>,
    onChange: (change: Change<T>) => void,
  ): void {
    const { client, clock, random, log, meter } = this.deps;
    const reflector = new Reflector<T>({
      client,
      resource,
      namespace,
      store,
      onChange,
      clock,
      random,
      log,
      meter,
    });
    this.#reflectors.push(reflector as unknown as Reflector<KubernetesObject>);
    this.#running.push(reflector.run(this.#stop.signal));
  }

  /** True once every watched kind has been listed. */
  get synced(): boolean {
    return this.#reflectors.every((reflector) => reflector.synced);
  }

  /**
   * Waits until every watched kind has been listed: before that, an object not read yet would seem not to exist.
   * Rejects if `signal` aborts first.
   */
  protected async untilSynced(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(new StoppedError('the operator is stopping'));
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([
        Promise.all(this.#reflectors.map((reflector) => reflector.firstList)),
        aborted.promise,
      ]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Returns for each kind how long the API server has sent nothing, in ms; of several namespaces, the longest. */
  contacts(): { kind: string; silentMs: number }[] {
    const now = this.deps.clock.monotonic();
    const silence = new Map<string, number>();
    for (const { resource, lastContact } of this.#reflectors)
      silence.set(resource.kind, Math.max(silence.get(resource.kind) ?? 0, now - lastContact));
    return [...silence].map(([kind, silentMs]) => ({ kind, silentMs }));
  }

  /** Ends the watches. The base class would end the process here. */
  override stop(): void {
    this.#stop.abort(new StoppedError('the operator is stopping'));
  }

  /** Resolves when every watch has ended. */
  async stopped(): Promise<void> {
    await Promise.all(this.#running);
  }

  protected override watchResource(group: string, version: string, plural: string): Promise<never> {
    return Promise.reject(unsupported(`watchResource of ${plural}.${group}/${version}: use reflect`));
  }

  protected override getCustomResourceApiUri(
    group: string,
    version: string,
    plural: string,
    namespace?: string,
  ): string {
    const server = this.deps.config.getCurrentCluster()?.server ?? '';
    return `${server}${collectionPath({ group, version, plural, kind: '' }, namespace ?? null)}`;
  }

  protected override setResourceStatus(meta: ResourceMeta): Promise<never> {
    return Promise.reject(unsupported(`setResourceStatus of ${meta.name}: write through ObjectWriter`));
  }

  protected override patchResourceStatus(meta: ResourceMeta): Promise<never> {
    return Promise.reject(unsupported(`patchResourceStatus of ${meta.name}: write through ObjectWriter`));
  }

  protected override setResourceFinalizers(meta: ResourceMeta): Promise<never> {
    return Promise.reject(unsupported(`setResourceFinalizers of ${meta.name}: write through ObjectWriter`));
  }

  protected override registerCustomResourceDefinition(crdFile: string): Promise<never> {
    return Promise.reject(unsupported(`${crdFile}: CRDs come with the chart`));
  }
}

/** Returns the error for methods of the base class that would otherwise fail silently. */
function unsupported(message: string): KubernetesError {
  return new KubernetesError('Unsupported', 0, 'stalling', message);
}

function loggerFor(log: Logger): OperatorLogger {
  return {
    debug: (message) => log.debug(message),
    info: (message) => log.info(message),
    warn: (message) => log.warn(message),
    error: (message) => log.error(message),
  };
}
