import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../src/core/clock.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { type ControlPlane, startControlPlane } from '../../test/controlplane/control-plane.ts';
import { installKinds } from '../../test/controlplane/installed-kinds.ts';
import { bundle } from '../build.ts';
import { askControl, type SandboxAddress } from '../sandbox-control.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Prints what a process has used when it exits. */
const GAUGE =
  'data:text/javascript,process.on("exit",()=>console.error("SPENT",JSON.stringify(process.resourceUsage())))';

/** The heap limit that the chart sets in NODE_OPTIONS, along with a semi-space of 1 MiB. */
const CHART_HEAP_MIB = 160;

/** Time and memory that a process used from its start to its end. */
export interface Spent {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Peak resident memory. */
  readonly peakMiB: number;
}

/** Everything a benchmark may need, as separate processes; `close` ends them all. */
export class Rig {
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #imageEnvironment = readImageEnvironment();
  #controlPlane: ControlPlane | null = null;
  #connection: ApiServerConnection | null = null;
  #bundle: string | null = null;

  /** Starts a simulated Asana; requests are unlimited unless `requestsPerMinute` is given. */
  async sandbox(options: {
    accounts: number;
    teams: number;
    membersPerTeam?: number;
    latency?: number;
    requestsPerMinute?: number;
  }): Promise<SandboxAddress> {
    const { accounts, teams, membersPerTeam = 25, latency = 0, requestsPerMinute = 0 } = options;
    const flags = {
      accounts,
      teams,
      'members-per-team': membersPerTeam,
      latency,
      'requests-per-minute': requestsPerMinute,
    };
    const args = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
    const child = this.#spawn([join(ROOT, 'src/main.ts'), 'sandbox', ...args], {});
    child.stderr?.resume();
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
      return JSON.parse(line) as SandboxAddress;
    throw new Error('the sandbox did not start');
  }

  /** Starts a control plane with our CRDs and the namespace `bench`. */
  async controlPlane(): Promise<KubernetesClient> {
    this.#controlPlane = await startControlPlane();
    const plane = this.#controlPlane;
    this.#stops.push(() => plane.stop());
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfigPath);
    this.#connection = new ApiServerConnection(config, systemClock);
    const connection = this.#connection;
    this.#stops.push(() => connection.close());
    await installKinds(connection);
    await connection.send({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name: 'bench' } },
    });
    return new KubernetesClient(connection);
  }

  /** Starts the operator from the bundle that the image runs. `onLine` receives each line of its standard error. */
  async operator(
    asanaUrl: string,
    flags: readonly string[],
    onLine: (line: string) => void = () => {},
    heapMiB = CHART_HEAP_MIB,
  ): Promise<ChildProcess> {
    if (!this.#controlPlane) throw new Error('start the control plane first');
    this.#bundle ??= await this.#build();
    const preload = join(import.meta.dirname, 'collect.mjs');
    const child = this.#spawn(
      [
        '--expose-gc',
        `--max-old-space-size=${heapMiB}`,
        '--max-semi-space-size=1',
        '--import',
        preload,
        this.#bundle,
        'operator',
        '--asana-api-url',
        asanaUrl,
        '--leader-election-namespace',
        'bench',
        '--metrics-bind-address',
        '0',
        '--health-bind-address',
        '0',
        '--asana-requests-per-minute',
        '0',
        ...flags,
      ],
      { ...this.#imageEnvironment, KUBECONFIG: this.#controlPlane.kubeconfigPath },
    );
    child.stdout?.resume();
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', onLine);
    return child;
  }

  /** Starts bare-loop.ts on the control plane. It reads its work from standard input. */
  bareLoop({ asanaUrl, tokens }: SandboxAddress, namespace: string): ChildProcess {
    if (!this.#controlPlane) throw new Error('start the control plane first');
    const child = this.#spawn([join(import.meta.dirname, 'bare-loop.ts'), asanaUrl, namespace], {
      KUBECONFIG: this.#controlPlane.kubeconfigPath,
      ASANA_TOKEN: tokens.serviceAccount,
    });
    child.stdout?.resume();
    child.stderr?.pipe(process.stderr);
    return child;
  }

  /** The address of the control plane's etcd. */
  get etcdUrl(): string {
    if (!this.#controlPlane) throw new Error('start the control plane first');
    return this.#controlPlane.etcdUrl;
  }

  /** Creates another namespace beside `bench`. */
  async namespace(name: string): Promise<void> {
    await this.#connection?.send({
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { metadata: { name } },
    });
  }

  /** Starts the connector without Kubernetes, in service mode, from the bundle that the image runs. */
  async connector({ asanaUrl, tokens, conductorOne }: SandboxAddress): Promise<ChildProcess> {
    this.#bundle ??= await this.#build();
    const child = this.#spawn([this.#bundle], {
      ...this.#imageEnvironment,
      BATON_TOKEN: tokens.serviceAccount,
      BATON_USE_SERVICE_ACCOUNT: 'true',
      BATON_USE_SCIM_API: 'true',
      BATON_PROVISIONING: 'true',
      BATON_CLIENT_ID: conductorOne.clientId,
      BATON_CLIENT_SECRET: conductorOne.clientSecret,
      SSL_CERT_FILE: conductorOne.caFile,
      ASANA_API_URL: asanaUrl,
      ASANA_REQUESTS_PER_MINUTE: '0',
    });
    child.stdout?.resume();
    child.stderr?.resume();
    return child;
  }

  /** Runs a command that reads Asana to its end, from the bundle that the image runs; discards its standard output. */
  async command({ asanaUrl, tokens }: SandboxAddress, args: readonly string[]): Promise<Spent> {
    this.#bundle ??= await this.#build();
    const began = performance.now();
    const child = this.#spawn(
      ['--import', GAUGE, this.#bundle, ...args, '--asana-requests-per-minute', '0'],
      { ...this.#imageEnvironment, ASANA_API_URL: asanaUrl, ASANA_TOKEN: tokens.serviceAccount },
    );
    child.stdout?.resume();
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const gauge = /SPENT (.*)/.exec(errors)?.[1];
    // Exit code 2 is a plan with changes.
    if (gauge === undefined || (code !== 0 && code !== 2)) throw new Error(`${args[0]} failed: ${errors}`);
    const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(gauge) as NodeJS.ResourceUsage;
    return {
      seconds: (performance.now() - began) / 1000,
      processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
      peakMiB: maxRSS / 1024,
    };
  }

  /** Returns the number of requests that the API server has answered, by verb and resource. */
  async apiServerRequests(): Promise<Map<string, number>> {
    if (!this.#connection) throw new Error('start the control plane first');
    const body = await this.#connection.open({ method: 'GET', path: '/metrics' });
    const counts = new Map<string, number>();
    for (const line of (await body.text()).split('\n')) {
      const match = /^apiserver_request_total\{([^}]*)\} (\S+)$/.exec(line);
      if (!match) continue;
      const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(match[1] ?? '')?.[1] ?? '';
      const key = `${label('verb')} ${label('resource')}${label('subresource') === '' ? '' : `/${label('subresource')}`}`;
      counts.set(key, (counts.get(key) ?? 0) + Number(match[2]));
    }
    return counts;
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.toReversed()) await stop();
  }

  async #build(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'asana-connector-bench-'));
    await bundle(folder);
    return join(folder, 'asana-connector.mjs');
  }

  #spawn(args: readonly string[], env: Record<string, string>): ChildProcess {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#stops.push(async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    });
    return child;
  }
}

/** Returns the variables that the Dockerfile sets in the image. */
function readImageEnvironment(): Record<string, string> {
  const line = /^ENV (.*)$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1];
  if (line === undefined) throw new Error('the Dockerfile sets no variables');
  return Object.fromEntries(line.split(' ').map((pair) => pair.split('=', 2) as [string, string]));
}

/** Returns the number of requests that the simulated Asana has received, by operation. */
export async function asanaOperations(sandbox: SandboxAddress): Promise<Record<string, number>> {
  const { tokens } = await askControl<{ tokens: { requests: Record<string, number> }[] }>(
    sandbox,
    'GET',
    '/statistics',
  );
  const operations: Record<string, number> = {};
  for (const [operation, count] of tokens.flatMap(({ requests }) => Object.entries(requests)))
    operations[operation] = (operations[operation] ?? 0) + count;
  return operations;
}

/** Returns the number of requests that the simulated Asana has received, of one operation or of all. */
export async function asanaRequests(sandbox: SandboxAddress, operation?: string): Promise<number> {
  const operations = await asanaOperations(sandbox);
  if (operation !== undefined) return operations[operation] ?? 0;
  return Object.values(operations).reduce((total, count) => total + count, 0);
}

/** Polls until `seen` returns true. Benchmarks wait long, but not forever. @throws Error after `patienceMs` */
export async function until(
  what: string,
  seen: () => Promise<boolean>,
  patienceMs = 600_000,
  everyMs = 100,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await seen())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s for: ${what}`);
    await sleep(everyMs);
  }
}
