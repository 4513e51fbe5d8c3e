import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort } from '../commands/child.ts';
import { type ChildProgram, startProgram } from '../controlplane/child-program.ts';
import { prometheusPath } from './prometheus.ts';

/** One series of a query result, with its current value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A rule and the result of its last evaluation. */
export interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly lastError?: string;
}

const PATIENCE_MS = 30_000;

/** A real Prometheus that scrapes one target every second and evaluates a rule file. */
export class PrometheusServer implements AsyncDisposable {
  readonly #url: string;
  readonly #folder: string;
  readonly #program: ChildProgram;

  private constructor(url: string, folder: string, program: ChildProgram) {
    this.#url = url;
    this.#folder = folder;
    this.#program = program;
  }

  /** @param target `host:port` to scrape, with the same settings as the chart's ServiceMonitor */
  static async start(target: string, ruleFile: string): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
    const port = await freePort();
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ruleFile],
      scrape_configs: [
        {
          job_name: 'asana-connector-metrics',
          honor_labels: true,
          static_configs: [{ targets: [target], labels: { namespace: 'operators' } }],
        },
      ],
    };
    await writeFile(join(folder, 'prometheus.yml'), stringify(config));
    const program = startProgram(await prometheusPath(), [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const server = new PrometheusServer(`http://127.0.0.1:${port}`, folder, program);
    await server.until('Prometheus answers', async () =>
      fetch(`${server.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return server;
  }

  /** Evaluates an expression now. Rejects with Prometheus's error if it cannot be evaluated. */
  async query(expr: string): Promise<readonly Sample[]> {
    const { result } = await this.#ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(expr)}`);
    return result;
  }

  /** Returns the values of a label among the series that match a selector. */
  labelValues(selector: string, label: string): Promise<readonly string[]> {
    return this.#ask<string[]>(`label/${label}/values?match[]=${encodeURIComponent(selector)}`);
  }

  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = await this.#ask<{ groups: { rules: EvaluatedRule[] }[] }>('rules');
    return groups.flatMap((group) => group.rules);
  }

  async until(what: string, seen: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await seen())) {
      assert.ok(performance.now() < deadline, `waited ${PATIENCE_MS / 1000} s for: ${what}`);
      await sleep(100);
    }
  }

  async #ask<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    assert.equal(answer.status, 'success', answer.error ?? '');
    return answer.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
