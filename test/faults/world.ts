import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { askControl, type ControlMethod } from '../../scripts/sandbox-control.ts';
import { systemClock } from '../../src/core/clock.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import type { Fault as AsanaFault } from '../../src/sandbox/faults.ts';
import type { RequestEntry } from '../../src/sandbox/request-log.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { checkConditions } from '../api/condition-rules.ts';
import { installKinds } from '../controlplane/installed-kinds.ts';
import { type Arrival, FaultyProxy } from '../kubernetes/faulty-proxy.ts';
import { loadConfig } from '../kubernetes/rig.ts';
import {
  ClusterObjects,
  type ConnectorSpec,
  conditionOf,
  SERVICE_ACCOUNT,
} from '../operator/cluster-objects.ts';
import { StatusWatch } from '../operator/status-watch.ts';
import type { Setting } from './inside.ts';
import { OperatorProcess } from './operator-process.ts';

/** Every secret of a world contains this word, and no output may. */
const CANARY = 'canary';

export interface WorldOptions {
  /** A kubeconfig of an administrator; by default that of the bench's control plane. */
  readonly kubeconfigPath?: string;
  readonly sandbox?: SandboxOptions;
  /** Flags of the operator; they override those of every world. */
  readonly flags?: readonly string[];
  readonly setting?: Setting;
  readonly connector?: ConnectorSpec;
  /** The user in the operator's kubeconfig; by default without credentials, since the proxy lets everybody through. */
  readonly user?: (folder: string) => Readonly<Record<string, unknown>>;
  /** The hosts of the API server and of Asana for the operator; ConductorOne is always at `localhost`. */
  readonly apiServerHost?: string;
  readonly asanaHost?: string;
  /** Variables in the operator's environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** True if there is a second namespace, that of another tenant. */
  readonly neighbour?: boolean;
  /** True if there will be too many objects to keep every status and check it against the rules. */
  readonly isCrowded?: boolean;
  /** False if the operator is not started yet and nothing is declared. */
  readonly begins?: boolean;
}

/** The fields of a simulated ConductorOne task that the bench reads. */
interface TaskView {
  readonly id: string;
  readonly result: { readonly codeName: string } | null;
}

interface WorldParts {
  readonly namespace: string;
  readonly direct: ApiServerConnection;
  readonly sandbox: Sandbox;
  readonly proxy: FaultyProxy;
  readonly folder: string;
  readonly main: string;
  readonly options: WorldOptions;
}

/**
 * Real parts around one operator in a process of its own: a namespace on a real API server, behind a proxy that injects
 * faults; a simulated Asana and a ConductorOne on loopback. The bench's own requests bypass the proxy.
 */
export class World extends ClusterObjects {
  readonly sandbox: Sandbox;
  readonly proxy: FaultyProxy;
  /** For files of this world; deleted with it. */
  readonly folder: string;
  /** The objects of the other tenant; their namespace exists only with the option `neighbour`. */
  readonly neighbour: ClusterObjects;
  /** Sentences that were found to hold. */
  readonly checks: string[] = [];
  readonly #parts: WorldParts;
  readonly #statuses: StatusWatch;
  readonly #processes: OperatorProcess[] = [];

  private constructor(parts: WorldParts) {
    super(new KubernetesClient(parts.direct), parts.direct, parts.namespace);
    this.#parts = parts;
    this.sandbox = parts.sandbox;
    this.proxy = parts.proxy;
    this.folder = parts.folder;
    this.neighbour = new ClusterObjects(this.client, parts.direct, `${parts.namespace}-neighbour`);
    this.#statuses = new StatusWatch(this.client, parts.options.isCrowded ? [] : [parts.namespace]);
  }

  /** Opens a world in which nothing is declared yet and no operator runs. */
  static async open(
    given: { readonly kubeconfigPath: string; readonly main: string },
    options: WorldOptions = {},
  ): Promise<World> {
    const kubeconfigPath = options.kubeconfigPath ?? given.kubeconfigPath;
    const namespace = `fault-${randomBytes(5).toString('hex')}`;
    const direct = new ApiServerConnection(loadConfig(kubeconfigPath), systemClock);
    await installKinds(direct);
    for (const name of [namespace, ...(options.neighbour ? [`${namespace}-neighbour`] : [])])
      await direct.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
    const sandbox = await startSandbox({
      accounts: 40,
      teams: 3,
      requestsPerMinute: 0,
      tokens: { serviceAccount: SERVICE_ACCOUNT },
      ...options.sandbox,
    });
    const proxy = await FaultyProxy.start(kubeconfigPath);
    const folder = await mkdtemp(join(tmpdir(), 'asana-connector-fault-'));
    return new World({ namespace, direct, sandbox, proxy, folder, main: given.main, options });
  }

  /** The newest process of the operator. */
  get operator(): OperatorProcess {
    const newest = this.#processes.at(-1);
    if (!newest) throw new Error('no operator was started in this world');
    return newest;
  }

  /** Declares the connector and starts the operator; resolves when it is connected. */
  async begin(): Promise<void> {
    const { clientId, clientSecret } = this.sandbox.conductorOne;
    await this.createSecret({
      BATON_TOKEN: SERVICE_ACCOUNT,
      BATON_CLIENT_ID: clientId,
      BATON_CLIENT_SECRET: clientSecret,
    });
    await this.createConnector(this.#parts.options.connector);
    await this.startOperator();
    await this.untilPhase('Connected');
  }

  async startOperator(): Promise<void> {
    const { options, sandbox, folder, namespace } = this.#parts;
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, stringify(this.#kubeconfig()), { mode: 0o600 });
    const flags = [
      ['--namespace', namespace],
      options.neighbour ? ['--namespace', this.neighbour.namespace] : [],
      ['--asana-api-url', sandbox.asanaUrl.replace('127.0.0.1', options.asanaHost ?? '127.0.0.1')],
      ['--asana-requests-per-minute', '0'],
      ['--allowed-conductorone-hosts', 'localhost'],
      ['--leader-election-namespace', namespace],
      ['--action-timeout', '5s'],
      ['--log-level', 'debug'],
      ...(options.flags ?? []),
    ].flat();
    const variables = {
      KUBECONFIG: kubeconfig,
      SSL_CERT_FILE: sandbox.conductorOne.caFile,
      BATON_TMPDIR: join(folder, 'c1z'),
      ...options.variables,
    };
    const { main } = this.#parts;
    this.#processes.push(await OperatorProcess.start({ main, flags, variables, setting: options.setting }));
  }

  /** Orders a task in the simulated ConductorOne. @returns the gRPC code it ends with */
  async carryOutTask(task: Readonly<Record<string, unknown>>): Promise<string> {
    return this.untilTaskEnds(await this.orderTask(task));
  }

  /** Orders a task. @returns its id */
  async orderTask(task: Readonly<Record<string, unknown>>): Promise<string> {
    return (await this.#askConductorOne('POST', '/tasks', task)).id;
  }

  async untilTaskEnds(id: string): Promise<string> {
    let result: TaskView['result'] = null;
    await this.until(`task ${id} ends`, async () => {
      ({ result } = await this.#askConductorOne('GET', `/tasks/${id}`));
      return result !== null;
    });
    return (result as TaskView['result'])?.codeName ?? '';
  }

  #askConductorOne(method: ControlMethod, path: string, body?: unknown): Promise<TaskView> {
    return askControl<TaskView>(this.sandbox, method, `/conductorone${path}`, body);
  }

  /** Ends the operator, with SIGTERM by default, and starts another. */
  async restartOperator(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.operator.end(signal);
    await this.startOperator();
  }

  /** Adds a fault to the simulated Asana's schedule. @returns its id */
  strikeAsana(fault: AsanaFault): number {
    return this.sandbox.faults.add(fault);
  }

  /** Delays every answer of Asana by this many milliseconds. */
  async setLatency(latencyMs: number): Promise<void> {
    await askControl(this.sandbox, 'POST', '/settings', { latencyMs });
  }

  /** How often the faults in the simulated Asana's schedule have hit a request. */
  get asanaHits(): number {
    return this.sandbox.faults.list().reduce((sum, { hits }) => sum + hits, 0);
  }

  /** Returns the requests after `mark` that would change something in Asana. */
  writesSince(mark: number): readonly RequestEntry[] {
    return this.sandbox.requests.since(mark).filter(({ method }) => method !== 'GET');
  }

  /** Returns the requests to the proxy that satisfy a predicate. */
  arrivals(wanted: (arrival: Arrival) => boolean, from = 0): Arrival[] {
    return this.proxy.arrivals.slice(from).filter(wanted);
  }

  /** Records that something holds; fails with the sentence if it does not. */
  expect(sentence: string, holds: boolean, detail: () => unknown = () => ''): void {
    if (!holds) assert.fail(`not so: ${sentence} ${JSON.stringify(detail())}`);
    this.checks.push(sentence);
  }

  /** Records that something comes to hold; fails if that takes longer than the patience. */
  async expectSoon(
    sentence: string,
    seen: () => Promise<boolean> | boolean,
    { patienceMs = 60_000, detail = (): unknown => '' } = {},
  ): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!(await seen())) {
      if (performance.now() > deadline)
        assert.fail(`not within ${patienceMs / 1000} s: ${sentence} ${JSON.stringify(await detail())}`);
      await sleep(100);
    }
    this.checks.push(sentence);
  }

  /** Records that a grant's Ready condition comes to have this reason. */
  async expectReason(grant: string, reason: string): Promise<void> {
    await this.expectSoon(
      `grant ${grant} says ${reason}`,
      async () => conditionOf(await this.grant(grant), 'Ready')?.reason === reason,
      { detail: async () => (await this.grant(grant))?.status },
    );
  }

  /** Requests another look at a grant, by annotation. */
  async askAgain(grant: string): Promise<void> {
    await this.patchGrant(grant, {
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'again' } },
    });
  }

  /** Returns the last lines of an operator that has ended; nothing while it runs. */
  lastWords(): readonly string[] {
    const process = this.#processes.at(-1);
    return process && !process.isRunning
      ? ['the operator has ended after these lines:', ...process.lines.slice(-5)]
      : [];
  }

  /** Ends everything, then checks every status ever written against the rules, and every output for secrets. */
  async close(): Promise<void> {
    const { sandbox, proxy, direct, folder } = this.#parts;
    const statuses = await this.#statuses.stop();
    const events = JSON.stringify(await this.events());
    const metrics = (await this.#processes.at(-1)?.metrics()) ?? '';
    this.proxy.faultOf = () => null;
    sandbox.faults.clear();
    await Promise.all(this.#processes.map((process) => process.end('SIGKILL')));
    await proxy.close();
    await sandbox.close();
    await direct.close();
    await rm(folder, { recursive: true, force: true });
    for (const object of statuses)
      assert.deepEqual(checkConditions(object), [], JSON.stringify(object.status));
    const logs = this.#processes.flatMap(({ lines }) => lines).join('\n');
    const key = sandbox.conductorOne.clientSecret.split(':').at(-1) ?? CANARY;
    for (const [name, text] of Object.entries({ logs, events, metrics, statuses: JSON.stringify(statuses) }))
      for (const secret of [CANARY, key]) assert.ok(!text.includes(secret), `a secret is in the ${name}`);
    for (const process of this.#processes) process.assertSound();
  }

  #kubeconfig(): Record<string, unknown> {
    const { options, proxy, folder } = this.#parts;
    const server = `http://${options.apiServerHost ?? '127.0.0.1'}:${proxy.port}`;
    const name = 'fault';
    return {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name, user: options.user?.(folder) ?? {} }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    };
  }
}
