import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../commands/child.ts';
import type { Order, Report, Setting } from './inside.ts';

const INSIDE = join(import.meta.dirname, 'inside.ts');
/** The timeout of a probe in the chart. */
const PROBE_MS = 1_000;
/** The timeout of a Prometheus scrape. */
const METRICS_MS = 10_000;

export interface OperatorProcessOptions {
  /** The program, as it is in the image. */
  readonly main: string;
  readonly flags: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly setting?: Setting | undefined;
}

/** The operator as a process of its own, with its probes and metrics, and the faults that the bench can order in it. */
export class OperatorProcess {
  readonly #child: ChildProcess;
  readonly metricsPort: number;
  readonly healthPort: number;
  /** The lines it has written to standard output and standard error. */
  readonly lines: string[] = [];
  /** Number of names that it could not resolve because it was ordered not to. */
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

  /** Orders a fault inside the process. */
  suffer(order: Order): void {
    this.#child.send(order);
  }

  /** Returns the status and the body of a probe's answer; `null` if none comes in time. */
  async probe(path: '/livez' | '/readyz'): Promise<{ status: number; body: string } | null> {
    const signal = AbortSignal.timeout(PROBE_MS);
    try {
      const answer = await fetch(`http://127.0.0.1:${this.healthPort}${path}?verbose`, { signal });
      return { status: answer.status, body: await answer.text() };
    } catch {
      // Refused or late: the kubelet treats both as a failure.
      return null;
    }
  }

  /** Returns the metrics page; empty if nothing answers. */
  async metrics(): Promise<string> {
    const signal = AbortSignal.timeout(METRICS_MS);
    const page = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`, { signal }).catch(() => null);
    return (await page?.text()) ?? '';
  }

  /** Returns the peak resident memory of the process in MiB. */
  async peakMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Returns the sum of the samples of a metric that have all of these labels. */
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

  /** Fails if the process has logged an unhandled error or a programming error. */
  assertSound(): void {
    const wild = this.lines.find((line) => /unhandled|UnhandledPromise|TypeError|ReferenceError/i.test(line));
    assert.equal(wild, undefined, 'the process logged an unhandled error');
  }
}
