import type { KubeConfig } from '@kubernetes/client-node';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import type { TaskHost } from '../../src/conductorone/task-host.ts';
import { AsanaOperator } from '../../src/controllers/operator.ts';
import { isAbort } from '../../src/core/errors.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import type { ClusterClient } from '../../src/kubernetes/client.ts';
import type { AsanaFront } from './asana/front.ts';
import { ASANA_URL } from './asana/site.ts';
import { ProcessClock, type SimulatedClock } from './clock.ts';
import type { SimulatedCluster } from './cluster/simulated-cluster.ts';
import { between, stream, uuids } from './random.ts';

/** The state of the lease. The world chooses who leads, and when. */
export interface Lease {
  holder: Replica | null;
  /** Monotonic time at which the holder got the lease. */
  since: number;
  takenOver: boolean;
  /** Epoch milliseconds until which all actions are stopped; `null` if they are not. */
  stoppedUntil: number | null;
}

export interface ReplicaOptions {
  readonly name: string;
  readonly seed: number;
  readonly clock: SimulatedClock;
  readonly cluster: SimulatedCluster;
  readonly asana: AsanaFront;
  readonly lease: Lease;
  readonly onLog: (replica: string, level: string, message: string, fields: LogFields) => void;
  readonly onAudit: (replica: string, line: string) => void;
  /** Called once when the process dies at a call set by `killAfter`. */
  readonly onDeath: (replica: Replica) => void;
}

/** Never resolves; a dead process waits for it. */
const NEVER = new Promise<never>(() => {});

/** One operator process: the real operator, on connections that the world can cut at any call. */
export class Replica {
  readonly name: string;
  readonly operator: AsanaOperator;
  /** The hosts that take ConductorOne's tasks, by connector. */
  readonly hosts = new Map<string, TaskHost>();
  state: 'Running' | 'Stopping' | 'Dead' = 'Running';
  readonly #options: ReplicaOptions;
  readonly #clock: ProcessClock;
  readonly #connection: ReturnType<SimulatedCluster['connect']>;
  readonly #stopping = new AbortController();
  /** Checks left until the process dies; `null` if no death is set. */
  #callsLeft: number | null = null;

  constructor(options: ReplicaOptions) {
    this.name = options.name;
    this.#options = options;
    const { clock, cluster, asana, seed, name } = options;
    this.#clock = new ProcessClock(clock);
    this.#connection = cluster.connect(name);
    const latency = stream(seed, `latency ${name}`);
    this.#connection.faults.latency = () => between(latency, 2, 24);
    const random = stream(seed, `operator ${name}`);
    const newId = uuids(stream(seed, `ids ${name}`));
    this.operator = new AsanaOperator({
      config: {} as KubeConfig,
      client: this.#mortal(this.#connection.client),
      clock: this.#clock,
      random,
      log: this.#logger({}),
      meter: silentMeter,
      namespaces: null,
      concurrency: 4,
      asanaApiUrl: ASANA_URL,
      budgets: new BudgetRegistry(
        { requestsPerMinute: 1500, percent: 70 },
        { clock: this.#clock, meter: silentMeter },
      ),
      actionTimeoutMs: 60_000,
      leadership: this.#leadership(),
      identity: name,
      audit: (line) => options.onAudit(name, line),
      conductorOne: { apiHost: undefined, allowedHosts: [], environment: {} },
      means: {
        asanaAdapter: asana.adapterFor({ name, clock: this.#clock, dies: () => this.#dies() }),
        newId,
        newHoldId: () => newId().slice(0, 8),
        openConductorOne: (wish) => Promise.resolve(this.#openService(wish)),
      },
    });
  }

  get leads(): boolean {
    return this.#options.lease.holder === this && this.state === 'Running';
  }

  /** Starts to watch, as a standby does. */
  async start(): Promise<void> {
    await this.operator.start();
  }

  /** Starts to act; the process must already hold the lease. */
  lead(): void {
    this.operator.lead(this.#stopping.signal).catch((error: unknown) => {
      if (!isAbort(error) && this.state === 'Running') throw error;
    });
  }

  /** Stops the process gracefully: actions under way may finish. Resolves when they have. */
  async stop(): Promise<void> {
    if (this.state === 'Dead') return;
    this.state = 'Stopping';
    this.#stopping.abort(new DOMException('the process is told to stop', 'AbortError'));
    await this.operator.drain();
    this.kill();
  }

  /** Ends the process as if its machine were lost. */
  kill(): void {
    if (this.state === 'Dead') return;
    this.state = 'Dead';
    this.#clock.kill();
    this.#connection.disconnect();
    this.hosts.clear();
  }

  /** Kills the process at its n-th check from now; each call is checked before it leaves and after it took effect. */
  killAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  get faults(): ReturnType<SimulatedCluster['connect']>['faults'] {
    return this.#connection.faults;
  }

  #dies(): boolean {
    if (this.state === 'Dead') return true;
    if (this.#callsLeft === null) return false;
    this.#callsLeft -= 1;
    if (this.#callsLeft > 0) return false;
    this.kill();
    this.#options.onDeath(this);
    return true;
  }

  #leadership() {
    const { lease, clock } = this.#options;
    const holds = () => lease.holder === this && this.state !== 'Dead';
    return {
      get leads() {
        return holds();
      },
      get leadingForMs() {
        return holds() ? clock.monotonic() - lease.since : 0;
      },
      get takenOver() {
        return lease.takenOver;
      },
      get stoppedUntil() {
        return lease.stoppedUntil !== null && lease.stoppedUntil > clock.now() ? lease.stoppedUntil : null;
      },
    };
  }

  /** Wraps a client so that a dead process gets no answer from it. */
  #mortal(client: ClusterClient): ClusterClient {
    const call = async (
      method: (...args: unknown[]) => Promise<unknown>,
      args: unknown[],
    ): Promise<unknown> => {
      if (this.#dies()) return NEVER;
      const [outcome] = await Promise.allSettled([method(...args)]);
      if (this.#dies()) return NEVER;
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    };
    return new Proxy(client, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        if (name === 'watch') return member.bind(target) as ClusterClient['watch'];
        const bound = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => call(bound, args);
      },
    });
  }

  #openService(wish: {
    readonly connector: { metadata: { namespace: string; name: string } };
    readonly host: TaskHost;
  }) {
    const { namespace, name } = wish.connector.metadata;
    const key = `${namespace}/${name}`;
    const run = (signal: AbortSignal): Promise<void> => {
      if (this.state === 'Running') this.hosts.set(key, wish.host);
      return new Promise((resolve) =>
        signal.addEventListener(
          'abort',
          () => {
            if (this.hosts.get(key) === wish.host) this.hosts.delete(key);
            resolve();
          },
          { once: true },
        ),
      );
    };
    return { service: { run, forget: () => {} }, close: () => Promise.resolve() };
  }

  #logger(fields: LogFields): Logger {
    const write =
      (level: string) =>
      (message: string, more: LogFields = {}) => {
        if (this.state !== 'Dead') this.#options.onLog(this.name, level, message, { ...fields, ...more });
      };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (more) => this.#logger({ ...fields, ...more }),
    };
  }
}
