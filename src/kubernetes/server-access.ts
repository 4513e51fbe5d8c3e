import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from '../core/clock.ts';
import { InvalidInputError, StoppedError } from '../core/errors.ts';

/** What a request to the API server needs besides its path. */
export interface Access {
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string>>;
  /** For requests that end by themselves: so many at a time. */
  readonly requests: Dispatcher;
  /** For watches, and for what must not wait behind other requests. */
  readonly streams: Dispatcher;
}

/** Token files and certificates rotate within minutes; reading them for every request would be wasteful. */
const FRESH_MS = 10_000;
/** Credentials that are refused for good must not run an exec plugin for every request. */
const RENEWED_EVERY_MS = 1_000;
/** Enough for the writes of some tens of workers; what is above waits its turn. */
const REQUEST_CONNECTIONS = 16;
const KEPT_ALIVE_MS = 60_000;

/**
 * The way to one API server: credentials and TLS material as client-node finds them (token files, exec plugins,
 * certificates), and connections that are kept. client-node itself would make a TLS connection for every request.
 *
 * Watches have connections of their own: each holds one for minutes, and with several namespaces they would leave
 * none to the requests of a bounded pool. Both pools are renewed when the certificates behind them change.
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

  /** @throws InvalidInputError for a cluster that cannot be reached as its kubeconfig says */
  constructor(config: KubeConfig, clock: Clock) {
    checkCluster(config);
    this.#config = config;
    this.#clock = clock;
  }

  /** At most ten seconds old; whoever asks while it is being read waits for the same reading. */
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
   * The connections of `access` gave no answer in time. A cable that was pulled, or a firewall that forgot them, is
   * told to nobody: instead of finding out for each of them in turn, the next request gets new ones.
   */
  distrust(access: Access): void {
    const current = this.#current;
    if (current?.access.requests !== access.requests) return;
    this.#current = { access: current.access, readAt: Number.NEGATIVE_INFINITY, fingerprint: '' };
  }

  /**
   * The API server did not take the credentials of `access` (401). They are read again from where they come from,
   * whatever client-node remembers: it takes a token file for fresh for a minute of the wall clock, which may be set
   * back, and what an exec plugin answered without an expiry for ever. Null when there are no others to try.
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

  /** Ends every connection, those of watches under way included. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#current = null;
    await Promise.all([...this.#agents].map((agent) => agent.destroy()));
    this.#agents.clear();
  }

  async #readAnew(): Promise<Access> {
    // A reading under way may be of what was remembered. Its failure is told to whoever waits for it.
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
            // As client-go: the kernel notices a peer that is gone, and load balancers see a connection in use.
            connect: { ...server, keepAlive: true, keepAliveInitialDelay: 30_000 },
            ...options,
          });
      this.#agents.add(agent);
      return agent;
    };
    const pool = { allowH2: false, keepAliveTimeout: KEPT_ALIVE_MS };
    return {
      requests: open({ ...pool, connections: REQUEST_CONNECTIONS }),
      // A quiet watch sends nothing for a minute or two; the reflector has an idle timer of its own.
      streams: open({ ...pool, bodyTimeout: 0 }),
    };
  }

  /** What is under way ends on the old connections; nothing new goes to them. */
  #retire({ requests, streams }: Access): void {
    for (const agent of [requests, streams]) {
      const forget = () => this.#agents.delete(agent);
      // Rejects only when `close` was faster, and then there is nothing left to do.
      agent.close().then(forget, forget);
    }
  }
}

/** The same clusters, users and contexts; client-node keeps what it remembers of credentials in the object itself. */
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
