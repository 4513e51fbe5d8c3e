import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fault, FaultyProxy } from '../../kubernetes/faulty-proxy.ts';
import { Replica, type ReplicaPlace } from '../../operator/replica.ts';
import type { Ledger } from './ledger.ts';

/** The renew deadline of the lease and the time limit of an action in these runs, in milliseconds. */
export const RENEW_DEADLINE_MS = 2_000;
export const ACTION_TIMEOUT_MS = 2_000;

export type Side = 'kubernetes' | 'asana';

/** One request of a replica that was let through, and when it came (`performance.now`). */
export interface Ask {
  readonly at: number;
  readonly method: string;
  /** Decoded, with its query. */
  readonly path: string;
  /** Complete only once the request is. */
  body: string;
}

/** Returns the fault for a request of a replica; `null` for none. */
export type Strike = (side: Side, request: IncomingMessage, replica: WatchedReplica) => Fault | null;

/** The options by which a replica differs from the others. */
export interface ReplicaOptions {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A replica behind two proxies of its own, which see and can stop all its requests to Asana and the API server. */
export class WatchedReplica {
  readonly process: Replica;
  readonly #kubernetes: FaultyProxy;
  readonly #asana: FaultyProxy;
  readonly #folder: string;
  readonly #ledger: Ledger;
  /** Its requests to Asana. */
  readonly asks: Ask[] = [];
  /** The times of its writes to the lease; the first one is when it took it. */
  readonly renewals: number[] = [];
  #strike: Strike;

  private constructor(
    parts: { kubernetes: FaultyProxy; asana: FaultyProxy; folder: string; ledger: Ledger; strike: Strike },
    replica: Replica,
  ) {
    this.#kubernetes = parts.kubernetes;
    this.#asana = parts.asana;
    this.#folder = parts.folder;
    this.#ledger = parts.ledger;
    this.#strike = parts.strike;
    this.process = replica;
    this.#kubernetes.faultOf = (request) => this.#onKubernetes(request);
    this.#asana.faultOf = (request) => this.#onAsana(request);
  }

  /** @param strike called for each of its requests */
  static async start(
    place: ReplicaPlace,
    { ledger, strike }: { readonly ledger: Ledger; readonly strike: Strike },
    { flags = [], environment = {} }: ReplicaOptions = {},
  ): Promise<WatchedReplica> {
    const folder = await mkdtemp(join(tmpdir(), 'asana-connector-replica-'));
    const kubernetes = await FaultyProxy.start(place.kubeconfigPath);
    const upstream = new URL(place.sandbox.asanaUrl);
    const asana = await FaultyProxy.before(upstream);
    const kubeconfigPath = join(folder, 'kubeconfig');
    await writeFile(kubeconfigPath, kubernetes.config.exportConfig());
    const asanaUrl = `http://127.0.0.1:${asana.port}${upstream.pathname}`;
    const replica = new Replica(
      { ...place, kubeconfigPath, sandbox: { ...place.sandbox, asanaUrl } },
      ['--action-timeout', `${ACTION_TIMEOUT_MS}ms`, ...flags],
      environment,
    );
    return new WatchedReplica({ kubernetes, asana, folder, ledger, strike }, replica);
  }

  /** Cuts it off from the API server, without closing its connections. */
  cutOff(): void {
    this.#strike = (side) => (side === 'kubernetes' ? { kind: 'silence' } : null);
  }

  /** Ends it if it still runs, and closes its proxies. */
  async close(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.process.end(signal);
    await Promise.all([this.#kubernetes.close(), this.#asana.close()]);
    await rm(this.#folder, { recursive: true });
  }

  #onKubernetes(request: IncomingMessage): Fault | null {
    const fault = this.#strike('kubernetes', request, this);
    const isLease = request.url?.includes('/leases') === true && request.method !== 'GET';
    if (isLease && fault === null) this.renewals.push(performance.now());
    return fault;
  }

  #onAsana(request: IncomingMessage): Fault | null {
    const { method = '', url = '' } = request;
    const fault = this.#strike('asana', request, this);
    if (fault?.kind === 'silence') return fault;
    const ask: Ask = { at: performance.now(), method, path: decodeURIComponent(url), body: '' };
    this.asks.push(ask);
    if (method === 'GET') return fault;
    request.on('data', (part: Buffer) => {
      ask.body += part.toString();
    });
    // Keeps the effect of an earlier change apart from that of this one.
    this.#ledger.note();
    return fault;
  }
}
