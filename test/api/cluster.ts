import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kinds } from '../../src/api/kinds.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';
import { kubectlPath } from '../controlplane/tools.ts';

const CRDS = join(import.meta.dirname, '../../crds');

/** How long to wait until the API server publishes the schemas of new CRDs; it usually takes a second. */
const PUBLISHED_WITHIN_MS = 30_000;

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A namespace on a real API server with our CRDs, and a kubectl that works in it. */
export class Cluster {
  readonly namespace = `api-${randomBytes(4).toString('hex')}`;
  readonly #kubectl: string;
  readonly #kubeconfig: string;
  readonly #cache: string;
  readonly #stop: () => Promise<void>;

  private constructor(kubectl: string, kubeconfig: string, cache: string, stop: () => Promise<void>) {
    this.#kubectl = kubectl;
    this.#kubeconfig = kubeconfig;
    this.#cache = cache;
    this.#stop = stop;
  }

  static async open(): Promise<Cluster> {
    const [kubectl, plane, cache] = await Promise.all([
      kubectlPath(),
      useControlPlane(),
      // kubectl caches discovery for hours, by address: a fresh cache holds nothing of an earlier server.
      mkdtemp(join(tmpdir(), 'asana-connector-kubectl-')),
    ]);
    const cluster = new Cluster(kubectl, plane.kubeconfigPath, cache, plane.stop);
    try {
      // Other test files may install the CRDs at the same time; server-side apply allows that.
      await cluster.run(['apply', '--server-side', '--force-conflicts', '-f', CRDS]);
      await cluster.run(['wait', '--for=condition=Established', '--timeout=30s', '-f', CRDS]);
      await cluster.run(['create', 'namespace', cluster.namespace]);
      await cluster.#untilPublished();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  async close(): Promise<void> {
    await this.try(['delete', 'namespace', this.namespace, '--wait=false', '--ignore-not-found']);
    await this.#stop();
    await rm(this.#cache, { recursive: true, force: true });
  }

  /** Runs kubectl and returns its stdout. @throws Error with its stderr if it fails */
  async run(args: readonly string[], input?: unknown): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr || stdout}`);
    return stdout;
  }

  /** Runs kubectl in the namespace and passes it `input` as JSON on stdin. */
  try(args: readonly string[], input?: unknown): Promise<KubectlResult> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        this.#kubectl,
        [
          `--kubeconfig=${this.#kubeconfig}`,
          `--cache-dir=${this.#cache}`,
          `--namespace=${this.namespace}`,
          ...args,
        ],
        { stdio: ['pipe', 'pipe', 'pipe'] },
      );
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
      child.stdin.end(input === undefined ? '' : JSON.stringify(input));
    });
  }

  async #untilPublished(): Promise<void> {
    const giveUp = AbortSignal.timeout(PUBLISHED_WITHIN_MS);
    for (const { names } of kinds) {
      while ((await this.try(['explain', `${names.plural}.spec`])).code !== 0)
        await sleep(200, undefined, { signal: giveUp });
    }
  }
}
