import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { type Dispatcher, request } from 'undici';
import { unlessAborted } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { CodedError, InvalidInputError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { errorOfAnswer, KubernetesError } from './errors.ts';
import { type Access, ServerAccess } from './server-access.ts';

/** Loads the kubeconfig from `KUBECONFIG`, the home directory, or the pod's service account. */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (cause) {
    throw new InvalidInputError('KUBECONFIG', 'cannot be read: set it to the path of a kubeconfig file', {
      cause,
    });
  }
  return config;
}

/** Returns the namespace of the current context, in which kubectl looks for objects and creates them by default. */
export function currentNamespace(config: KubeConfig): string {
  return config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
}

/** Returns the namespace of the lease; `flag` overrides it. The operator and the commands that stop it must agree. */
export function leaseNamespace(flag: string | undefined, config: KubeConfig): string {
  const context = config.getContextObject(config.getCurrentContext());
  return flag ?? inClusterNamespace() ?? context?.namespace ?? 'default';
}

/** Returns the namespace of the pod that this process runs in, or `null` outside a cluster. */
function inClusterNamespace(): string | null {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    // The file does not exist outside a pod.
    return null;
  }
}

/** A request to the API server. `body` is sent as JSON for every content type (JSON is valid YAML). */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Time limit in milliseconds for the whole response, or for the headers of a stream. Default 30 s. */
  readonly timeoutMs?: number;
  /** Size limit of the response in bytes. Default 16 MiB, ten times the largest object. */
  readonly mostBytes?: number;
  /** True if the request must not queue behind others; for the few that keep the process alive. */
  readonly isUrgent?: boolean;
}

type Body = Dispatcher.ResponseData['body'];

/** Default time limit of a request. The API server itself ends a request after 60 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** An object is at most 1.5 MiB in etcd. */
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;
/** A Status is a few hundred bytes; a longer error body fails with `TooLarge`. */
const LARGEST_REFUSAL_BYTES = 1024 * 1024;

/**
 * HTTP to one API server: plain JSON, keep-alive connections, a time limit on every request. Requests are not retried
 * and redirects are not followed, because only the caller knows what a failure means. The exception is a 401: the
 * credentials are read again and, if they have changed, the request is sent once more.
 */
export class ApiServerConnection {
  readonly #access: ServerAccess;
  readonly #clock: Clock;
  readonly #server: string;

  /** @throws InvalidInputError if the kubeconfig does not describe a usable cluster */
  constructor(config: KubeConfig, clock: Clock) {
    this.#access = new ServerAccess(config, clock);
    this.#clock = clock;
    this.#server = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  /**
   * Sends a request and returns the parsed response.
   * @throws KubernetesError for any status other than 2xx, and TooLarge for a response longer than `mostBytes`; the
   *   signal's own reason if the caller aborted
   */
  async send<T>(call: ApiRequest): Promise<T> {
    return this.#inTime(call, async (signal) => {
      const body = await this.#request(call, signal, ({ requests, streams }) =>
        call.isUrgent ? streams : requests,
      );
      const text = await readText(body, call.mostBytes ?? LARGEST_ANSWER_BYTES);
      return parse(text, nameOf(call)) as T;
    });
  }

  /** Sends a request whose response is a stream; the time limit covers only its headers. The caller must consume it. */
  async open(call: ApiRequest): Promise<Body> {
    return this.#inTime(call, (signal) => this.#request(call, signal, ({ streams }) => streams));
  }

  async close(): Promise<void> {
    await this.#access.close();
  }

  async #request(
    call: ApiRequest,
    signal: AbortSignal,
    choose: (access: Access) => Dispatcher,
  ): Promise<Body> {
    const answer = await this.#askAsOneself(call, signal, choose);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer.body;
    const refusal = await readText(answer.body, LARGEST_REFUSAL_BYTES);
    const retryAfter = [answer.headers['retry-after']].flat()[0];
    throw errorOfAnswer(nameOf(call), answer.statusCode, refusal, retryAfter);
  }

  /** Retries a 401 with renewed credentials. A 401 had no effect, so every request is safe to send again. */
  async #askAsOneself(
    call: ApiRequest,
    signal: AbortSignal,
    choose: (access: Access) => Dispatcher,
  ): Promise<Dispatcher.ResponseData> {
    const access = await readInTime(call, this.#access.obtain(), signal);
    const answer = await this.#ask(call, signal, access, choose(access));
    const renewed =
      answer.statusCode === 401 ? await readInTime(call, this.#access.renew(access), signal) : null;
    if (!renewed) return answer;
    await answer.body.dump();
    return this.#ask(call, signal, renewed, choose(renewed));
  }

  async #ask(
    call: ApiRequest,
    signal: AbortSignal,
    access: Access,
    dispatcher: Dispatcher,
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await request(`${this.#server}${call.path}${encodeQuery(call.query)}`, {
        method: call.method,
        dispatcher,
        headers: {
          ...access.headers,
          accept: 'application/json',
          'user-agent': `asana-connector/${version}`,
          ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal,
      });
    } catch (error) {
      if (isTimeout(signal.reason)) this.#access.distrust(access);
      throw error;
    }
  }

  /** Runs `work` under the caller's signal and the request's time limit, and gives every failure a code. */
  async #inTime<R>(call: ApiRequest, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const limit = new AbortController();
    const cancel = this.#clock.schedule(call.timeoutMs ?? REQUEST_TIMEOUT_MS, () =>
      limit.abort(new DOMException('no response in time', 'TimeoutError')),
    );
    try {
      return await work(call.signal ? AbortSignal.any([call.signal, limit.signal]) : limit.signal);
    } catch (cause) {
      call.signal?.throwIfAborted();
      if (cause instanceof CodedError) throw cause;
      const [code, text] = limit.signal.aborted
        ? ['Timeout', 'no response in time']
        : ['Unreachable', 'the API server is not reachable'];
      throw new KubernetesError(code, 0, 'transient', `${nameOf(call)}: ${text}`, { cause });
    } finally {
      cancel();
    }
  }
}

/**
 * Waits for credentials no longer than for a response: nothing else ends an exec plugin that hangs. Concurrent requests
 * wait for the same read, so only one runs.
 */
async function readInTime<T>(call: ApiRequest, reading: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await unlessAborted(reading, signal);
  } catch (cause) {
    if (!isTimeout(signal.reason)) throw cause;
    const text = 'no credentials in time: check the exec plugin or the token file of the kubeconfig';
    throw new KubernetesError('Timeout', 0, 'transient', `${nameOf(call)}: ${text}`, { cause });
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function encodeQuery(query: Readonly<Record<string, string>> | undefined): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

async function readText(body: Body, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw new KubernetesError('TooLarge', 0, 'transient', 'the response is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Parses JSON. Drops the parser's own error, because it quotes its input, which may be a Secret. */
function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new KubernetesError('Malformed', 0, 'transient', `${what}: the response is not JSON`);
  }
}
