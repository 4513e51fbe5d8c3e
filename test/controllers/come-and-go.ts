import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { KubeConfig } from '@kubernetes/client-node';
import { API_VERSION } from '../../src/api/resources.ts';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import { AsanaOperator } from '../../src/controllers/operator.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { SimulatedClock } from '../simulation/clock.ts';
import { SimulatedCluster } from '../simulation/cluster/simulated-cluster.ts';
import { stream } from '../simulation/random.ts';

/** How many objects come in one wave, and go before the next. */
export interface WaveSize {
  readonly connectors: number;
  readonly grants: number;
}

/** What the process holds when a wave has gone. */
export interface Held {
  /** Bytes of the heap, after a forced collection. */
  readonly heap: number;
  readonly series: number;
  readonly timers: number;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The operator on a simulated cluster, where connectors with names of their own and their grants come and go. */
export class ComeAndGo {
  readonly #clock = new SimulatedClock();
  readonly #cluster = new SimulatedCluster({ clock: this.#clock, random: stream(1, 'cluster') });
  readonly #metrics = new Metrics();
  readonly #stop = new AbortController();
  readonly #operator: AsanaOperator;
  #waves = 0;

  constructor() {
    const meter = this.#metrics;
    const clock = this.#clock;
    this.#cluster.createNamespace('iga');
    const { client } = this.#cluster.connect('operator');
    // The simulated cluster keeps every event for the judge, and that would be what grows.
    client.createEvent = () => Promise.resolve();
    client.patchEvent = () => Promise.resolve();
    this.#operator = new AsanaOperator({
      config: {} as KubeConfig,
      client,
      clock,
      random: stream(1, 'operator'),
      log: silentLogger,
      meter,
      namespaces: null,
      concurrency: 50,
      asanaApiUrl: 'http://127.0.0.1:1/api/1.0',
      budgets: new BudgetRegistry({ requestsPerMinute: 1500, percent: 70 }, { clock, meter }),
      actionTimeoutMs: 60_000,
      leadership: { leads: true, leadingForMs: 600_000, takenOver: false, stoppedUntil: null },
      identity: 'test',
      audit: () => {},
      conductorOne: { apiHost: undefined, allowedHosts: [], environment: {} },
      means: {
        // Asana refuses every token: there is nothing that these connectors could ever do.
        asanaAdapter: (config) =>
          Promise.resolve({ config, status: 401, statusText: '', headers: {}, data: '{"errors":[]}' }),
      },
    });
  }

  async start(): Promise<void> {
    await this.#operator.start();
    void this.#operator.lead(this.#stop.signal);
    await this.#clock.advance(1_000);
  }

  /** Lets a wave come, be decided on, and go. */
  async wave({ connectors, grants }: WaveSize): Promise<Held> {
    const wave = (this.#waves += 1);
    const nameOf = (index: number) => `c${wave}-${index}`;
    for (let index = 0; index < connectors; index += 1) {
      this.#cluster.putSecret('iga', nameOf(index), { BATON_TOKEN: `token-${wave}-${index}` });
      await this.#cluster.apply(connectorManifest(nameOf(index)));
    }
    for (let index = 0; index < grants; index += 1)
      await this.#cluster.apply(grantManifest(`g${wave}-${index}`, nameOf(index % connectors)));
    await this.#clock.advance(30_000);
    for (let index = 0; index < grants; index += 1)
      await this.#cluster.remove('AsanaLicenseGrant', 'iga', `g${wave}-${index}`);
    await this.#clock.advance(10_000);
    for (let index = 0; index < connectors; index += 1) {
      await this.#cluster.remove('AsanaConnector', 'iga', nameOf(index));
      this.#cluster.removeSecret('iga', nameOf(index));
    }
    // What is remembered for a minute or five has gone; and so has what the API server itself remembers.
    await this.#clock.advance(600_000);
    this.#cluster.compact();
    return this.#measure();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    const drained = this.#operator.drain();
    await this.#clock.advance(60_000);
    await drained;
  }

  async #measure(): Promise<Held> {
    this.#operator.refreshMetrics();
    const text = await this.#metrics.render();
    const series = text
      .split('\n')
      .filter((line) => line.startsWith('asana_connector_') && !line.includes('nodejs'));
    collect();
    collect();
    return { heap: process.memoryUsage().heapUsed, series: series.length, timers: this.#clock.pending };
  }
}

function connectorManifest(name: string) {
  return {
    apiVersion: API_VERSION,
    kind: 'AsanaConnector',
    metadata: { name, namespace: 'iga' },
    spec: { credentials: { type: 'ServiceAccount', secretRef: { name } }, scim: { enabled: true } },
  };
}

function grantManifest(name: string, connector: string) {
  return {
    apiVersion: API_VERSION,
    kind: 'AsanaLicenseGrant',
    metadata: { name, namespace: 'iga' },
    spec: { connectorRef: { name: connector }, user: { email: `${name}@acme.example` } },
  };
}
