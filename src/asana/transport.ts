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

/** The options of a request, the same for every operation. */
export interface Call {
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
  /** Counts the requests that were actually sent, including retries. */
  readonly tally?: Tally | undefined;
  /**
   * Called immediately before each request is sent, after every wait for the budget and before every retry. If it
   * throws, nothing is sent and the call ends with that error.
   */
  readonly guard?: (() => void | Promise<void>) | undefined;
}

export interface Tally {
  requests: number;
  /** Requests that Asana certainly did not carry out: it refused them, or they never reached it; absent for none. */
  refused?: number;
  /** Requests that Asana accepted; absent for none. */
  accepted?: number;
}

/** Whether Asana may have carried out at least one of the requests. */
export function mayBeDone({ requests, refused = 0 }: Tally): boolean {
  return requests > refused;
}

/** One request, without token and base URL. */
export interface Exchange {
  /** `noun.verb`, for metrics and messages. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Relative to the base URL, with a leading slash; variable parts are already escaped. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly repeatability: Repeatability;
}

export interface TransportLimits {
  /** Milliseconds from sending the request to the last byte of the response. */
  readonly requestMs: number;
  /** Largest response body accepted, decompressed. */
  readonly responseBytes: number;
}

export interface TransportOptions {
  readonly surface: Surface;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly token: Redacted;
  readonly budget: Budget;
  readonly limits: TransportLimits;
  /** Carries the requests; by default HTTP. */
  readonly adapter?: AxiosAdapter | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** Largest request body sent; the largest real one, a new user, has some 500 bytes. */
const LARGEST_REQUEST_BYTES = 64 * 1024;

/** Idle connections are closed after this time, before a load balancer closes them during the next request. */
const IDLE_CONNECTION_MS = 15_000;

/** Maximum number of different deprecations that are logged, since headers are untrusted input. */
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
      // Keep the body as text: parsing it ourselves tells a body that is not JSON from one that is.
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
   * Sends a request, with retries where allowed, and decodes the response.
   * @throws AsanaError, or the signal's reason if it aborts
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

  /** Closes the connections; requests in flight fail, and no more are sent. */
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
        // While the guard ran, another request may have been answered 429, or this transport may have been closed.
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

  /** Sends one request and reads the response to its last byte, within the time limit. */
  async #exchange(exchange: Exchange, { signal, tally }: Call): Promise<AxiosResponse<unknown>> {
    const { surface, baseUrl, token, limits, clock } = this.#options;
    const { operation, method, path, query, body } = exchange;
    // The caller may have aborted since the permit was granted: then send nothing.
    signal?.throwIfAborted();
    const begun = clock.monotonic();
    if (tally) tally.requests += 1;
    const attempt = new AbortController();
    let late = false;
    const forward = () => attempt.abort();
    signal?.addEventListener('abort', forward);
    // One deadline for connecting, headers and body: a server that sends single bytes would reset an idle timer.
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
      // An axios error contains the request with its token, so only its code is passed on.
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

  /** Logs API changes that Asana announces in `Asana-Change: name=…;info=…;affected=true` (docs, deprecations). */
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
 * Returns the proxy for Node's built-in proxy support, which keeps tunnels open; axios would open one per request.
 * `proxyFor` chooses it, as for ConductorOne: Node rejects `host:port`, and its error shows an invalid URL in full.
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

/** Converts an error of axios to an AsanaError, which keeps only the code. */
function describeFailure(surface: Surface, operation: string, error: unknown): AsanaError {
  const { code, message } = isJsonObject(error) ? error : {};
  // axios has no separate code for the size limit (1.21: ERR_BAD_RESPONSE with this message).
  if (typeof message === 'string' && message.startsWith('maxContentLength'))
    return tooLarge(surface, operation);
  return classifyFailure(surface, operation, typeof code === 'string' ? code : 'unknown error');
}
