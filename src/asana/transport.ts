import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type AxiosAdapter, type AxiosInstance, type AxiosResponse, create } from 'axios';
import type { Clock, Random } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Counter, Histogram, Meter } from '../core/meter.ts';
import { proxyFor } from '../core/proxy.ts';
import type { Redacted } from '../core/redacted.ts';
import { type Span, silentTracer, type Tracer } from '../core/tracer.ts';
import { version } from '../core/version.ts';
import { type Answer, answerFrom, readResponse } from './answer.ts';
import { checkBaseUrl } from './base-url.ts';
import type { Budget, Permit } from './budget.ts';
import { classifyFailure } from './classification.ts';
import { AsanaError, notSent, type Surface, timedOut, tooLarge, withUnknownOutcome } from './errors.ts';
import { isJsonObject } from './json.ts';
import type { Priority } from './lanes.ts';
import { DEFAULT_RETRY_AFTER_MS, PATIENCE_MS, type Repeatability, retryDelay } from './retry.ts';

/** How a request is to be made; the same for every operation. */
export interface Call {
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
  /** Counts the requests that were really sent, retries included. */
  readonly tally?: Tally | undefined;
  /**
   * Asked immediately before each request leaves, after every wait for the budget and before every retry. What it throws
   * ends the call; nothing is sent then.
   */
  readonly guard?: (() => void | Promise<void>) | undefined;
}

export interface Tally {
  requests: number;
  /** Those of them that Asana surely did not carry out, by its answer or because nothing reached it; absent for none. */
  refused?: number;
  /** Those of them to which Asana said yes; absent for none. */
  accepted?: number;
}

/** Whether Asana may have carried out one of the requests. */
export function mayBeDone({ requests, refused = 0 }: Tally): boolean {
  return requests > refused;
}

/** One request, before a token and an address are put to it. */
export interface Exchange {
  /** `noun.verb`, for metrics and messages. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Below the base URL, beginning with a slash; variable parts already escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly repeatability: Repeatability;
}

export interface TransportLimits {
  /** From sending the request to the last byte of the answer. */
  readonly requestMs: number;
  /** Largest body taken, decompressed. */
  readonly responseBytes: number;
}

export interface TransportOptions {
  readonly surface: Surface;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly token: Redacted;
  readonly budget: Budget;
  readonly limits: TransportLimits;
  /** What carries a request; by default HTTP. */
  readonly adapter?: AxiosAdapter | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** The largest body sent; the largest real one, a new user, has some 500 bytes. */
const LARGEST_REQUEST_BYTES = 64 * 1024;

/** Idle connections are closed after this long, before a load balancer closes them under the next request. */
const IDLE_CONNECTION_MS = 15_000;

/** Different deprecations that are logged; headers are input like any other. */
const MOST_DEPRECATIONS = 100;

/** Sends requests of one surface with one token: admitted by the budget, bounded, retried, counted. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #http: AxiosInstance;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly #deprecations = new Set<string>();
  #closed = false;

  constructor(options: TransportOptions) {
    const { baseUrl, meter, limits, adapter = 'http' } = options;
    const url = checkBaseUrl(baseUrl);
    this.#options = options;
    const connections = { keepAlive: true, timeout: IDLE_CONNECTION_MS };
    this.#agent =
      url.protocol === 'https:'
        ? new HttpsAgent({ ...connections, minVersion: 'TLSv1.2', proxyEnv: proxyEnvironment(url) })
        : new HttpAgent(connections);
    this.#http = create({
      ...(this.#agent instanceof HttpsAgent
        ? { httpsAgent: this.#agent }
        : // Plain HTTP is for loopback; through a proxy it would show the token to the proxy.
          { httpAgent: this.#agent, proxy: false as const }),
      adapter,
      maxRedirects: 0,
      maxContentLength: limits.responseBytes,
      maxBodyLength: LARGEST_REQUEST_BYTES,
      responseType: 'text',
      // Text is parsed here, where a body that is no JSON can be told from one that is.
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
      validateStatus: null,
    });
    this.#requests = meter.counter('asana_requests_total', 'Requests sent to Asana.', [
      'api',
      'operation',
      'code',
    ]);
    this.#duration = meter.histogram(
      'asana_request_duration_seconds',
      'Seconds from sending a request until its complete response.',
      ['api', 'operation'],
    );
  }

  /**
   * Sends a request, again if that is allowed, and decodes the answer.
   * @throws AsanaError, or the signal's reason when it aborts
   */
  async send<T>(exchange: Exchange, decode: (body: unknown) => T, call: Call): Promise<Answer<T>> {
    const { clock, random } = this.#options;
    let outcomeUnknown = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(exchange, decode, call, attempt);
      } catch (error) {
        if (!(error instanceof AsanaError)) throw error;
        const { repeatability } = exchange;
        const patienceMs = PATIENCE_MS[call.priority];
        const delay = this.#closed ? null : retryDelay({ attempt, repeatability, patienceMs, error, random });
        outcomeUnknown ||= error.outcomeUnknown;
        if (delay === null) throw outcomeUnknown ? withUnknownOutcome(error) : error;
        await clock.sleep(delay, call.signal);
      }
    }
  }

  /** Closes the connections; requests under way fail, and nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  async #attempt<T>(
    exchange: Exchange,
    decode: (body: unknown) => T,
    call: Call,
    attempt: number,
  ): Promise<Answer<T>> {
    const { budget, surface, tracer = silentTracer } = this.#options;
    const { operation, method } = exchange;
    const name = `${surface} ${operation}`;
    const fields = { api: surface, operation, attempt, 'http.request.method': method };
    const kind = method === 'GET' ? 'read' : 'write';
    for (;;) {
      const permit = await budget.acquire(kind, call.priority, call.signal);
      try {
        await call.guard?.();
        // While the guard was asked, another request may have been told to wait, and the clients may have been closed.
        if (permit.isOvertaken()) continue;
        if (this.#closed) throw notSent(surface, operation);
        return await tracer.span({ name, kind: 'Request', fields }, (span) =>
          this.#ask(exchange, decode, call, permit, span),
        );
      } finally {
        permit.release();
      }
    }
  }

  async #ask<T>(
    exchange: Exchange,
    decode: (body: unknown) => T,
    call: Call,
    permit: Permit,
    span: Span,
  ): Promise<Answer<T>> {
    const { tally } = call;
    try {
      const response = readResponse(await this.#exchange(exchange, call), this.#options.clock.now());
      span.set({ 'http.response.status_code': response.status, requestID: response.requestId });
      this.#noteDeprecations(response.change);
      if (response.status === 429) permit.rejected(response.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS);
      const { surface } = this.#options;
      const answer = answerFrom(response, { surface, operation: exchange.operation }, decode);
      if (tally) tally.accepted = (tally.accepted ?? 0) + 1;
      return answer;
    } catch (error) {
      if (tally && error instanceof AsanaError && !error.outcomeUnknown)
        tally.refused = (tally.refused ?? 0) + 1;
      throw error;
    }
  }

  /** One request on the wire, from start to the last byte, within its time. */
  async #exchange(exchange: Exchange, { signal, tally }: Call): Promise<AxiosResponse<unknown>> {
    const { surface, baseUrl, token, limits, clock } = this.#options;
    const { operation, method, path, query, body } = exchange;
    // Between the permit and here the caller may have given up: nothing leaves any more.
    signal?.throwIfAborted();
    const begun = clock.monotonic();
    if (tally) tally.requests += 1;
    const attempt = new AbortController();
    let late = false;
    const forward = () => attempt.abort();
    signal?.addEventListener('abort', forward);
    // One deadline for connecting, headers and body: a server that drips bytes resets every idle timer.
    const cancelDeadline = clock.schedule(limits.requestMs, () => {
      late = true;
      attempt.abort();
    });
    let code = 'none';
    try {
      const response = await this.#http.request<unknown>({
        method,
        url: baseUrl + path + encodeQuery(query),
        headers: {
          Authorization: `Bearer ${token.reveal()}`,
          Accept: surface === 'scim' ? 'application/scim+json, application/json' : 'application/json',
          'Accept-Encoding': 'gzip',
          'User-Agent': `asana-connector/${version}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { data: JSON.stringify(body) }),
        signal: attempt.signal,
      });
      code = String(response.status);
      return response;
    } catch (error) {
      // Whatever axios threw carries the request with its token: only its code goes on.
      signal?.throwIfAborted();
      code = late ? 'timeout' : 'failed';
      throw late
        ? timedOut(surface, operation, limits.requestMs)
        : describeFailure(surface, operation, error);
    } finally {
      cancelDeadline();
      signal?.removeEventListener('abort', forward);
      this.#requests.add(1, { api: surface, operation, code });
      this.#duration.observe((clock.monotonic() - begun) / 1000, { api: surface, operation });
    }
  }

  /** Asana announces changes of its API in `Asana-Change: name=…;info=…;affected=true` (docs, deprecations). */
  #noteDeprecations(header: string | undefined): void {
    if (header === undefined) return;
    for (const change of header.split(',')) {
      const name = /(?:^|;)\s*name=([\w.-]{1,100})/.exec(change)?.[1];
      if (name === undefined || !/;\s*affected=true/.test(change)) continue;
      if (this.#deprecations.has(name) || this.#deprecations.size >= MOST_DEPRECATIONS) continue;
      this.#deprecations.add(name);
      this.#options.log.warn('Asana announces a change that affects this program', { change: name });
    }
  }
}

/**
 * The proxy, for Node's own support, which keeps tunnels open; that of axios opens one a request. Which one it is, is decided
 * as for ConductorOne: Node takes no `host:port`, and shows the whole URL of a proxy that it cannot read.
 */
function proxyEnvironment(url: URL): { readonly HTTPS_PROXY?: string } {
  const proxy = proxyFor(url, process.env);
  return proxy ? { HTTPS_PROXY: proxy.url.reveal() } : {};
}

function encodeQuery(query: Exchange['query']): string {
  if (!query) return '';
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `?${pairs.join('&')}`;
}

/** What axios threw, as ours: its code and nothing else of it. */
function describeFailure(surface: Surface, operation: string, error: unknown): AsanaError {
  const { code, message } = isJsonObject(error) ? error : {};
  // axios gives the bound on bytes no code of its own (1.21: ERR_BAD_RESPONSE with this message).
  if (typeof message === 'string' && message.startsWith('maxContentLength'))
    return tooLarge(surface, operation);
  return classifyFailure(surface, operation, typeof code === 'string' ? code : 'unknown error');
}
