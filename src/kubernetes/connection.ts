import { readFileSync } from 'node:fs';
import type { AgentOptions, RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { Clock } from '../core/clock.ts';
import { InvalidInputError, isAbort } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { errorOfAnswer, KubernetesError } from './errors.ts';

/** The kubeconfig of `KUBECONFIG`, of the home directory, or of the pod's service account. */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    throw new InvalidInputError('KUBECONFIG', 'cannot be read: point it at a kubeconfig file', { cause });
  }
  if (!config.getCurrentCluster()) {
    throw new InvalidInputError(
      'KUBECONFIG',
      'names no cluster: point it at a kubeconfig with a current context',
    );
  }
  return config;
}

/** The namespace of the pod this runs in; null outside a cluster. */
export function inClusterNamespace(): string | null {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    // No such file: not in a pod.
    return null;
  }
}

/** What a request sends; `body` is JSON whatever the content type (JSON is YAML). */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the answer's headers; the whole answer for all but streams. */
  readonly timeoutMs?: number;
}

/** A request that takes longer than this is given up; the API server itself ends one after 60 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Token files and certificates rotate within minutes; reading them for every request would be wasteful. */
const CREDENTIALS_FRESH_MS = 10_000;
/** Two watches hold a connection each; the others carry the writes of some tens of workers. */
const CONNECTIONS = 24;
/** An object is at most 1.5 MiB in etcd, and a page holds 500: what is larger is no answer of an API server. */
const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024;

interface Access {
  readonly readAt: number;
  readonly headers: Record<string, string>;
}

/**
 * HTTP to one API server. client-node gives the configuration and the authentication; its own transport makes a new
 * TLS connection for every request and has no timeout, so requests go through one pooled undici agent here. The
 * agent is renewed when the certificates behind it change.
 */
export class ApiServerConnection {
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  readonly #server: string;
  #access: Access | null = null;
  /** Of the TLS material the agent was made with. */
  #fingerprint: string | null = null;
  #agent: Dispatcher | null = null;

  constructor(config: KubeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#server = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  /** Sends a request and returns its answer parsed. @throws KubernetesError for everything but 2xx */
  async send<T>(call: ApiRequest): Promise<T> {
    const signal = withTimeout(call.signal, call.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const { body } = await this.#request(call, signal);
    const text = await readText(body, `${call.method} ${call.path}`, signal);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new KubernetesError(
        'Malformed',
        200,
        'transient',
        `${call.method} ${call.path}: the answer is no JSON`,
        { cause },
      );
    }
  }

  /** Sends a request whose answer is a stream; only its headers are bound in time. The caller must consume it. */
  async open(call: ApiRequest): Promise<Dispatcher.ResponseData['body']> {
    const headersTimeout = new AbortController();
    const cancel = this.#clock.schedule(call.timeoutMs ?? REQUEST_TIMEOUT_MS, () =>
      headersTimeout.abort(new DOMException('no answer in time', 'TimeoutError')),
    );
    try {
      const signal = call.signal
        ? AbortSignal.any([call.signal, headersTimeout.signal])
        : headersTimeout.signal;
      return (await this.#request(call, signal)).body;
    } finally {
      cancel();
    }
  }

  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = null;
    await agent?.destroy();
  }

  async #request(call: ApiRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const what = `${call.method} ${call.path}`;
    let answer: Dispatcher.ResponseData;
    try {
      const { headers } = await this.#authenticate();
      answer = await request(`${this.#server}${call.path}${encodeQuery(call.query)}`, {
        method: call.method,
        dispatcher: this.#agent as Dispatcher,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': `asana-connector/${version}`,
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal,
      });
    } catch (cause) {
      throw unreachable(what, cause);
    }
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    // A token that was rotated away is read again before the next request.
    if (answer.statusCode === 401) this.#access = null;
    const retryAfter = answer.headers['retry-after'];
    const body = await readText(answer.body, what, signal);
    throw errorOfAnswer(
      what,
      answer.statusCode,
      body,
      Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    );
  }

  /** Headers and TLS material as client-node finds them (token files, exec plugins, certificates), for ten seconds. */
  async #authenticate(): Promise<Access> {
    const now = this.#clock.monotonic();
    if (this.#access && now - this.#access.readAt < CREDENTIALS_FRESH_MS) return this.#access;
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const tls = tlsOf(options);
    const fingerprint = JSON.stringify(tls);
    if (!this.#agent || fingerprint !== this.#fingerprint) this.#renewAgent(tls);
    this.#fingerprint = fingerprint;
    this.#access = { readAt: now, headers: headersOf(options) };
    return this.#access;
  }

  #renewAgent(tls: AgentOptions): void {
    const old = this.#agent;
    const { type, ...rest } = this.#config.createDispatcherOptions(this.#config.getCurrentCluster(), tls) as {
      type: string;
      uri?: string;
    };
    if (type === 'socks') {
      throw new InvalidInputError(
        'proxy-url',
        'of the kubeconfig is a SOCKS proxy: only http and https ones are supported',
      );
    }
    const connect = { ...tlsConnect(tls), timeout: 10_000, keepAlive: true };
    const pool = {
      connections: CONNECTIONS,
      allowH2: false,
      keepAliveTimeout: 60_000,
      headersTimeout: 60_000,
      // A quiet watch sends nothing for a minute or two; the reflector has an idle timer of its own.
      bodyTimeout: 0,
    };
    this.#agent =
      type === 'proxy' && rest.uri
        ? new ProxyAgent({ uri: rest.uri, requestTls: tlsConnect(tls), ...pool })
        : new Agent({ ...pool, connect });
    // Requests under way end on the old agent; nothing new goes to it.
    old?.close().catch(() => {});
  }
}

const TLS_FIELDS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

function tlsOf(options: RequestOptions): AgentOptions {
  return Object.fromEntries(
    TLS_FIELDS.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
  );
}

function tlsConnect(tls: AgentOptions): Record<string, unknown> {
  return { ...tls, minVersion: 'TLSv1.2' };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
  if (options.auth) headers['Authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  return headers;
}

function encodeQuery(query: Readonly<Record<string, string>> | undefined): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

function withTimeout(signal: AbortSignal | undefined, ms: number): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

async function readText(
  body: Dispatcher.ResponseData['body'],
  what: string,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > LARGEST_ANSWER_BYTES)
        throw new KubernetesError('Malformed', 200, 'transient', `${what}: the answer is too large`);
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw unreachable(what, cause);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** No answer: our own abort stays an abort, everything else is worth another try. */
function unreachable(what: string, cause: unknown): Error {
  if (cause instanceof KubernetesError) return cause;
  if (isAbort(cause)) return cause as Error;
  const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
  return new KubernetesError(
    timedOut ? 'Timeout' : 'Unreachable',
    0,
    'transient',
    `${what}: ${timedOut ? 'no answer in time' : 'the API server cannot be reached'}`,
    { cause },
  );
}
