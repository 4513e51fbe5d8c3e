import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from '../core/clock.ts';
import { InvalidInputError, StoppedError } from '../core/errors.ts';

/** Credentials and connections for requests to the API server. */
export interface Access {
  /** Authorization and impersonation headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Connection pool of limited size, for requests that end by themselves. */
  readonly requests: Dispatcher;
  /** For watches, and for requests that must not queue behind others. */
  readonly streams: Dispatcher;
}

/** Token files and certificates rotate within minutes; reading them for every request would be wasteful. */
const FRESH_MS = 10_000;
/** Permanently rejected credentials must not run an exec plugin for every request. */
const RENEWED_EVERY_MS = 1_000;
/** Enough for the writes of a few dozen workers; further requests queue. */
const REQUEST_CONNECTIONS = 16;
const KEPT_ALIVE_MS = 60_000;

/**
 * Access to one API server: credentials and TLS material as client-node finds them (token files, exec plugins,
 * certificates), and keep-alive connections. client-node itself would open a TLS connection for every request.
 *
 * Watches have a pool of their own: each occupies a connection for minutes, and with several namespaces they would
 * exhaust a bounded pool. Both pools are renewed when the certificates change.
 */
export class ServerAccess {
  #config: KubeConfig;
  readonly #clock: Clock;
  #renewing: Promise<Access> | null = null;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #current: { readonly readAt: number; readonly fingerprint: string; readonly access: Access } | null = null;
  #reading: Promise<Access> | null = null;
  readonly #agents = new Set<Dispatcher>();
  #closed = false;

  /** @throws InvalidInputError if the kubeconfig does not describe a usable cluster */
  constructor(config: KubeConfig, clock: Clock) {
    checkCluster(config);
    this.#config = config;
    this.#clock = clock;
  }

  /** Returns access that is at most ten seconds old. Concurrent callers share one read. */
  obtain(): Promise<Access> {
    const current = this.#current;
    if (current && this.#clock.monotonic() - current.readAt < FRESH_MS)
      return Promise.resolve(current.access);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /**
   * Replaces the connections of `access`, which did not respond in time, for the next request. A pulled cable or a
   * firewall that dropped their state gives no signal; otherwise each connection would have to time out in turn.
   */
  distrust(access: Access): void {
    const current = this.#current;
    if (current?.access.requests !== access.requests) return;
    this.#current = { access: current.access, readAt: Number.NEGATIVE_INFINITY, fingerprint: '' };
  }

  /**
   * Reads the credentials again after the API server rejected those of `access` (401). Bypasses client-node's cache: it
   * considers a token file fresh for a minute of wall clock time, which may be set back, and the result of an exec
   * plugin without an expiry forever. Returns `null` if there are no other credentials to try.
   */
  async renew(access: Access): Promise<Access | null> {
    const known = this.#current?.access;
    if (known && !isSame(known, access)) return known;
    const now = this.#clock.monotonic();
    if (!this.#renewing && now - this.#renewedAt < RENEWED_EVERY_MS) return null;
    this.#renewing ??= this.#readAnew().finally(() => {
      this.#renewing = null;
      this.#renewedAt = this.#clock.monotonic();
    });
    const renewed = await this.#renewing;
    return isSame(renewed, access) ? null : renewed;
  }

  /** Closes every connection, including those of running watches. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current = null;
    await Promise.all([...this.#agents].map((agent) => agent.destroy()));
    this.#agents.clear();
  }

  async #readAnew(): Promise<Access> {
    // A read under way may use cached credentials. Its failure is reported to its own callers.
    await this.#reading?.catch(() => {});
    this.#config = withoutMemory(this.#config);
    if (this.#current) this.#current = { ...this.#current, readAt: Number.NEGATIVE_INFINITY };
    return this.obtain();
  }

  async #read(): Promise<Access> {
    const readAt = this.#clock.monotonic();
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    if (this.#closed) throw new StoppedError('the connection to the API server is closed');
    const tls = tlsOf(options);
    const fingerprint = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    const old = this.#current;
    const agents = old?.fingerprint === fingerprint ? old.access : this.#openAgents(tls);
    const access = { headers: headersOf(options), requests: agents.requests, streams: agents.streams };
    this.#current = { readAt, fingerprint, access };
    if (old && agents !== old.access) this.#retire(old.access);
    return access;
  }

  #openAgents(tls: TlsOptions): Pick<Access, 'requests' | 'streams'> {
    const proxy = this.#config.getCurrentCluster()?.proxyUrl;
    const server = { ...tls, minVersion: 'TLSv1.2' as const, timeout: 10_000 };
    const open = (options: Agent.Options): Dispatcher => {
      const agent = proxy
        ? new ProxyAgent({ uri: proxy, requestTls: server, ...options })
        : new Agent({
            // As in client-go: the kernel detects a dead peer, and load balancers see a connection in use.
            connect: { ...server, keepAlive: true, keepAliveInitialDelay: 30_000 },
            ...options,
          });
      this.#agents.add(agent);
      return agent;
    };
    const pool = { allowH2: false, keepAliveTimeout: KEPT_ALIVE_MS };
    return {
      requests: open({ ...pool, connections: REQUEST_CONNECTIONS }),
      // A quiet watch may send nothing for a minute or two. The reflector has its own idle timer.
      streams: open({ ...pool, bodyTimeout: 0 }),
    };
  }

  /** Lets running requests finish on the old connections, which get no new ones. */
  #retire({ requests, streams }: Access): void {
    for (const agent of [requests, streams]) {
      const forget = () => this.#agents.delete(agent);
      // Rejects only if `close` ran first, and then there is nothing left to do.
      agent.close().then(forget, forget);
    }
  }
}

/** Copies clusters, users and contexts. client-node caches credentials in the KubeConfig object itself. */
function withoutMemory({ clusters, users, contexts, currentContext }: KubeConfig): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({ clusters, users, contexts, currentContext });
  return config;
}

function isSame(one: Access, other: Access): boolean {
  return one.requests === other.requests && JSON.stringify(one.headers) === JSON.stringify(other.headers);
}

function checkCluster(config: KubeConfig): void {
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new InvalidInputError('KUBECONFIG', 'specifies no cluster: set a current context');
  }
  if (!URL.canParse(cluster.server)) {
    throw new InvalidInputError(
      'KUBECONFIG',
      'the server of the cluster is not a URL: use https://host:port',
    );
  }
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw new InvalidInputError(
      'KUBECONFIG',
      'the server of the cluster uses plain http: use https, or set insecure-skip-tls-verify if this is intended',
    );
  }
  if (cluster.proxyUrl && !/^https?:/.test(cluster.proxyUrl)) {
    throw new InvalidInputError('KUBECONFIG', 'proxy-url must be http or https; SOCKS is not supported');
  }
}

const TLS_FIELDS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;
type TlsOptions = Pick<ConnectionOptions, (typeof TLS_FIELDS)[number]>;

function tlsOf(options: RequestOptions): TlsOptions {
  return Object.fromEntries(
    TLS_FIELDS.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
  );
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}
