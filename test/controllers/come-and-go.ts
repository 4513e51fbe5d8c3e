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

/** The number of objects that are created in one wave, and deleted before the next. */
export interface WaveSize {
  readonly connectors: number;
  readonly grants: number;
}

/** What is left after a wave was deleted. */
export interface Held {
  /** Bytes of the heap after a forced garbage collection. */
  readonly heap: number;
  readonly series: number;
  readonly timers: number;
  /** Keys in the queues of the standby, which takes none out. */
  readonly waiting: number;
}

/** One of the two instances of the operator, with its metrics. */
interface Twin {
  readonly operator: AsanaOperator;
  readonly metrics: Metrics;
  readonly leadership: { leads: boolean };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A leader and a standby on a simulated cluster where newly named connectors and their grants come and go. */
export class ComeAndGo {
  readonly #clock = new SimulatedClock();
  readonly #cluster = new SimulatedCluster({ clock: this.#clock, random: stream(1, 'cluster') });
  readonly #stop = new AbortController();
  readonly #leader: Twin;
  readonly #standby: Twin;
  #waves = 0;

  constructor() {
    this.#cluster.createNamespace('iga');
    this.#leader = this.#bear('leader', true);
    this.#standby = this.#bear('standby', false);
  }

  #bear(identity: string, leads: boolean): Twin {
    const meter = new Metrics();
    const leadership = { leads, leadingForMs: 600_000, takenOver: false, stoppedUntil: null };
    const clock = this.#clock;
    const { client } = this.#cluster.connect(identity);
    // The simulated cluster would keep every event, and grow by them.
    client.createEvent = () => Promise.resolve();
    client.patchEvent = () => Promise.resolve();
    const operator = new AsanaOperator({
      config: {} as KubeConfig,
      client,
      clock,
      random: stream(1, identity),
      log: silentLogger,
      meter,
      namespaces: null,
      concurrency: 50,
      asanaApiUrl: 'http://127.0.0.1:1/api/1.0',
      budgets: new BudgetRegistry({ requestsPerMinute: 1500, percent: 70 }, { clock, meter }),
      actionTimeoutMs: 60_000,
      leadership,
      identity,
      audit: () => {},
      conductorOne: { apiHost: undefined, allowedHosts: [], environment: {} },
      means: {
        // Asana refuses every token, so these connectors can never do anything.
        asanaAdapter: (config) =>
          Promise.resolve({ config, status: 401, statusText: '', headers: {}, data: '{"errors":[]}' }),
      },
    });
    return { operator, metrics: meter, leadership };
  }

  async start(): Promise<void> {
    await Promise.all([this.#leader.operator.start(), this.#standby.operator.start()]);
    void this.#leader.operator.lead(this.#stop.signal);
    await this.#clock.advance(1_000);
  }

  /** Creates a wave, lets the leader decide on it, and deletes it. */
  async wave(size: WaveSize): Promise<Held> {
    await this.come(size);
    await this.#go(size);
    // Everything remembered for one or five minutes expires; compact() drops the API server's history.
    await this.#clock.advance(600_000);
    this.#cluster.compact();
    return this.#measure();
  }

  /** Creates a wave, and lets the leader, if there is one, decide on it. */
  async come({ connectors, grants }: WaveSize): Promise<void> {
    const wave = (this.#waves += 1);
    const nameOf = (index: number) => `c${wave}-${index}`;
    for (let index = 0; index < connectors; index += 1) {
      this.#cluster.putSecret('iga', nameOf(index), { BATON_TOKEN: `token-${wave}-${index}` });
      await this.#cluster.apply(connectorManifest(nameOf(index)));
    }
    for (let index = 0; index < grants; index += 1)
      await this.#cluster.apply(grantManifest(`g${wave}-${index}`, nameOf(index % connectors)));
    await this.#clock.advance(30_000);
  }

  async #go({ connectors, grants }: WaveSize): Promise<void> {
    const wave = this.#waves;
    for (let index = 0; index < grants; index += 1)
      await this.#cluster.remove('AsanaLicenseGrant', 'iga', `g${wave}-${index}`);
    await this.#clock.advance(10_000);
    for (let index = 0; index < connectors; index += 1) {
      await this.#cluster.remove('AsanaConnector', 'iga', `c${wave}-${index}`);
      this.#cluster.removeSecret('iga', `c${wave}-${index}`);
    }
  }

  /** The number of objects without a status. */
  get undecided(): WaveSize {
    const count = (kind: string) => this.#cluster.objects(kind).filter(({ status }) => !status).length;
    return { connectors: count('AsanaConnector'), grants: count('AsanaLicenseGrant') };
  }

  /** Returns the condition series that the standby exports for the existing objects. */
  async seriesOfStandby(): Promise<readonly string[]> {
    const series = await seriesOf(this.#standby);
    return series.filter((line) => line.startsWith('asana_connector_resource_condition'));
  }

  async stopLeader(): Promise<void> {
    await this.#drain(this.#leader);
  }

  /** Makes the standby the leader. */
  async takeOver(): Promise<void> {
    this.#standby.leadership.leads = true;
    void this.#standby.operator.lead(this.#stop.signal);
    await this.#clock.advance(30_000);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#drain(this.#leader, this.#standby);
  }

  async #drain(...twins: Twin[]): Promise<void> {
    const drained = Promise.all(twins.map(({ operator }) => operator.drain()));
    await this.#clock.advance(60_000);
    await drained;
  }

  async #measure(): Promise<Held> {
    const series = [...(await seriesOf(this.#leader)), ...(await seriesOf(this.#standby))];
    const waiting = (await seriesOf(this.#standby))
      .filter((line) => line.startsWith('asana_connector_workqueue_depth'))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    collect();
    collect();
    const heap = process.memoryUsage().heapUsed;
    return { heap, series: series.length, timers: this.#clock.pending, waiting };
  }
}

/** Returns the operator's own series of a process, without those of Node. */
async function seriesOf({ operator, metrics }: Twin): Promise<string[]> {
  operator.refreshMetrics();
  const text = await metrics.render();
  return text.split('\n').filter((line) => line.startsWith('asana_connector_') && !line.includes('nodejs'));
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
