import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../commands/child.ts';
import type { Order, Report, Setting } from './inside.ts';

const INSIDE = join(import.meta.dirname, 'inside.ts');
/** What the chart gives a probe: who takes longer has failed it. */
const PROBE_MS = 1_000;
/** What Prometheus gives a page of metrics. */
const METRICS_MS = 10_000;

export interface OperatorProcessOptions {
  /** The program, as the image has it. */
  readonly main: string;
  readonly flags: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly setting?: Setting | undefined;
}

/** The operator as a process of its own, with its probes and metrics, and what the bench can make it suffer. */
export class OperatorProcess {
  readonly #child: ChildProcess;
  readonly metricsPort: number;
  readonly healthPort: number;
  /** Everything it has written to standard output and standard error, in lines. */
  readonly lines: string[] = [];
  /** Names that it could not resolve because it was told so. */
  unresolved = 0;

  private constructor(options: OperatorProcessOptions, metricsPort: number, healthPort: number) {
    this.metricsPort = metricsPort;
    this.healthPort = healthPort;
    const ports = [
      ['--metrics-bind-address', `127.0.0.1:${metricsPort}`],
      ['--health-bind-address', `127.0.0.1:${healthPort}`],
    ].flat();
    this.#child = spawn(
      process.execPath,
      ['--import', INSIDE, options.main, 'operator', ...options.flags, ...ports],
      {
        env: {
          ...process.env,
          ...options.variables,
          FAULTS_SETTING: JSON.stringify(options.setting ?? {}),
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr])
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => this.lines.push(line));
    this.#child.on('message', ({ unresolved }: Report) => (this.unresolved += unresolved));
  }

  static async start(options: OperatorProcessOptions): Promise<OperatorProcess> {
    return new OperatorProcess(options, await freePort(), await freePort());
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Makes the process suffer something from within. */
  suffer(order: Order): void {
    this.#child.send(order);
  }

  /** What a probe is answered: the status and the body, or null when it gets no answer in time. */
  async probe(path: '/livez' | '/readyz'): Promise<{ status: number; body: string } | null> {
    const signal = AbortSignal.timeout(PROBE_MS);
    try {
      const answer = await fetch(`http://127.0.0.1:${this.healthPort}${path}?verbose`, { signal });
      return { status: answer.status, body: await answer.text() };
    } catch {
      // Refused or late: to the kubelet both are a failure, and it says no more of them.
      return null;
    }
  }

  /** The page of metrics; empty where nobody answers. */
  async metrics(): Promise<string> {
    const signal = AbortSignal.timeout(METRICS_MS);
    const page = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`, { signal }).catch(() => null);
    return (await page?.text()) ?? '';
  }

  /** MiB of memory that the process has held at most. */
  async peakMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** The sum of the samples of a metric whose labels hold all of these. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await this.metrics();
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return text
      .split('\n')
      .filter((line) => new RegExp(`^asana_connector_${name}[{ ]`).test(line))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  /** Fails when what nobody foresaw has happened in the process. */
  assertSound(): void {
    const wild = this.lines.find((line) => /unhandled|UnhandledPromise|TypeError|ReferenceError/i.test(line));
    assert.equal(wild, undefined, 'the process stumbled');
  }
}
