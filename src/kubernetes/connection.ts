import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { type Dispatcher, request } from 'undici';
import { unlessAborted } from '../core/abort.ts';
import type { Clock } from '../core/clock.ts';
import { CodedError, InvalidInputError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { errorOfAnswer, KubernetesError } from './errors.ts';
import { type Access, ServerAccess } from './server-access.ts';

/** The kubeconfig of `KUBECONFIG`, of the home directory, or of the pod's service account. */
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

/** Where the lease is unless a flag says otherwise: the operator and those who stop it have to agree. */
export function leaseNamespace(flag: string | undefined, config: KubeConfig): string {
  const context = config.getContextObject(config.getCurrentContext());
  return flag ?? inClusterNamespace() ?? context?.namespace ?? 'default';
}

/** The namespace of the pod this runs in; null outside a cluster. */
function inClusterNamespace(): string | null {
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
  /** Milliseconds until the whole answer is there; until its headers, for a stream. Default 30 s. */
  readonly timeoutMs?: number;
  /** Bytes of the answer. Default 16 MiB, ten times the largest object. */
  readonly mostBytes?: number;
  /** It waits behind no other request; for the few by which a process lives. */
  readonly isUrgent?: boolean;
}

type Body = Dispatcher.ResponseData['body'];

/** A request that takes longer than this is given up; the API server itself ends one after 60 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** An object is at most 1.5 MiB in etcd. */
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;
/** A Status is a few hundred bytes; of anything longer only the code is used. */
const LARGEST_REFUSAL_BYTES = 1024 * 1024;

/**
 * HTTP to one API server: plain JSON, kept connections, a time limit on every request. Nothing is tried again here
 * and no redirect is followed; whoever calls knows what a failure means. The exception is a 401, after which the credentials
 * are read again and, if they have changed, sent at once.
 */
export class ApiServerConnection {
  readonly #access: ServerAccess;
  readonly #clock: Clock;
  readonly #server: string;

  /** @throws InvalidInputError for a cluster that cannot be reached as its kubeconfig says */
  constructor(config: KubeConfig, clock: Clock) {
    this.#access = new ServerAccess(config, clock);
    this.#clock = clock;
    this.#server = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  /**
   * Sends a request and returns its answer parsed.
   * @throws KubernetesError for everything but 2xx, TooLarge for an answer of more than `mostBytes`, and the signal's
   *   own reason when the caller gave up
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

  /** Sends a request whose answer is a stream; only its headers are bound in time. The caller must consume it. */
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

  /** A 401 did nothing, so that any request may be sent again with credentials that are newer. */
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

  /** Does `work` under the caller's signal and the request's time limit, and gives every failure its name. */
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
 * Waits for credentials as long as for an answer: nothing else ends an exec plugin that hangs. Whoever asks meanwhile
 * waits for the same reading, so that there is one of it.
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

/** The parser's own error quotes what it could not read, and that may be a Secret: it is not kept as a cause. */
function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new KubernetesError('Malformed', 0, 'transient', `${what}: the response is not JSON`);
  }
}
