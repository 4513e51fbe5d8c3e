import { randomBytes } from 'node:crypto';
import { callbackify } from 'node:util';
import { Agent, type buildConnector, request } from 'undici';
import { unlessAborted } from '../core/abort.ts';
import { codeOf } from '../core/errors.ts';
import { Redacted } from '../core/redacted.ts';
import { version } from '../core/version.ts';
import { ASSERTION_SECONDS, signAssertion } from './assertion.ts';
import type { ClientId, ClientKey } from './credentials.ts';
import { ConductorOneError } from './errors.ts';
import type { Route } from './route.ts';
import { connectTenant } from './tenant-socket.ts';

export interface TokenOptions {
  readonly route: Route;
  readonly clientId: ClientId;
  readonly key: ClientKey;
  /** Returns 16 random bytes for the nonce; by default from the operating system. */
  readonly nonce?: (() => Uint8Array) | undefined;
}

interface Grant {
  readonly token: Redacted;
  /** Monotonic clock. */
  readonly renewAt: number;
}

/** How long before its expiry a token is renewed, as in Go's oauth2. */
const RENEWAL_MS = 10_000;
/** Assumed lifetime of a token that comes without one; ConductorOne's live for ten minutes. */
const DEFAULT_LIFETIME_S = 300;
const LONGEST_LIFETIME_S = 24 * 3600;
const REQUEST_MS = 30_000;
const LARGEST_ANSWER_BYTES = 64 * 1024;

/** Access tokens of one client: keeps one until shortly before it expires; concurrent callers share one request. */
export class TokenSource {
  readonly #options: TokenOptions;
  readonly #closing = new AbortController();
  #grant: Grant | null = null;
  #pending: Promise<Grant> | null = null;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /**
   * Returns a token that is valid for at least another ten seconds.
   * @throws ConductorOneError `CredentialsRejected`, `ClockSkew` or `Disconnected`
   */
  async token(signal?: AbortSignal): Promise<Redacted> {
    signal?.throwIfAborted();
    const { clock } = this.#options.route;
    if (this.#grant && clock.monotonic() < this.#grant.renewAt) return this.#grant.token;
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = null;
    });
    return (await unlessAborted(this.#pending, signal)).token;
  }

  /** Discards a token that a call was refused with, unless a newer one has replaced it. */
  forget(token: Redacted): void {
    if (this.#grant?.token === token) this.#grant = null;
  }

  /** Aborts a request under way and waits until it has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    // The callers that wait for the token get the error.
    await this.#pending?.catch(() => {});
  }

  #connect(callback: buildConnector.Callback): void {
    const open = callbackify(connectTenant);
    open(this.#options.route, ['http/1.1', 'h2'], this.#closing.signal, (error, socket) =>
      error ? callback(error, null) : callback(null, socket),
    );
  }

  /** Requests a new token. No caller's signal aborts the request: others may wait for it too. */
  async #renew(): Promise<Grant> {
    const { route, clientId, key, nonce = () => randomBytes(16) } = this.#options;
    const { clock } = route;
    const asked = clock.monotonic();
    const answer = await this.#post(signAssertion(clientId, key, clock.now(), nonce()));
    const { token, lifetime } = this.#read(answer);
    this.#grant = { token, renewAt: asked + lifetime * 1000 - RENEWAL_MS };
    return this.#grant;
  }

  async #post(assertion: string): Promise<Answer> {
    const { route, clientId } = this.#options;
    const { endpoint } = route;
    const body = new URLSearchParams({
      client_id: clientId.id,
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    // One agent per request: an idle connection would be pinged, and be dead long before the next request.
    const agent = new Agent({
      allowH2: true,
      maxResponseSize: LARGEST_ANSWER_BYTES,
      connect: (_, callback) => this.#connect(callback),
    });
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(`${endpoint.origin}/auth/v1/token`, {
        method: 'POST',
        dispatcher: agent,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          'user-agent': `asana-connector/${version}`,
        },
        body: body.toString(),
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(REQUEST_MS)]),
      });
      const text = await answer.text();
      return {
        status: statusCode,
        text,
        date: headerOf(headers['date']),
        retryAfter: headerOf(headers['retry-after']),
      };
    } catch (cause) {
      if (cause instanceof ConductorOneError) throw cause;
      throw new ConductorOneError(
        'Disconnected',
        `No token from ${endpoint.host}: the host is not reachable (${codeOf(cause) ?? nameOf(cause)}). Check the network, its proxies and the certificate authorities. The request is retried.`,
        { cause },
      );
    } finally {
      await agent.destroy();
    }
  }

  #read(answer: Answer): { readonly token: Redacted; readonly lifetime: number } {
    const { status } = answer;
    if (status === 400 || status === 401 || status === 403) throw this.#refused(answer);
    const fields = status === 200 ? fieldsOf(answer.text) : {};
    const { access_token: token, expires_in: lifetime } = fields;
    if (typeof token === 'string' && /^[\x21-\x7e]{1,16384}$/.test(token)) {
      return { token: new Redacted(token), lifetime: lifetimeOf(lifetime) };
    }
    const seconds = Number(answer.retryAfter);
    throw new ConductorOneError(
      'Disconnected',
      `No token from ${this.#options.route.endpoint.host}: it returned ${status}${status === 200 ? ' without a valid token' : ''}. The request is retried. If this persists, check that the client ID names the right host.`,
      answer.retryAfter !== null && seconds > 0 && seconds <= 3600 ? { retryAfterMs: seconds * 1000 } : {},
    );
  }

  /** Explains a refusal. An assertion is valid for two minutes each way, so a larger clock skew is the reason. */
  #refused({ status, date }: Answer): ConductorOneError {
    const { endpoint, clock } = this.#options.route;
    const theirs = date === null ? Number.NaN : Date.parse(date);
    const skew = Math.round((clock.now() - theirs) / 1000);
    if (Math.abs(skew) > ASSERTION_SECONDS) {
      return new ConductorOneError(
        'ClockSkew',
        `${endpoint.host} rejected the credentials, and the clock of this machine is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} its clock. Correct the clock (at most ${ASSERTION_SECONDS} s are tolerated).`,
      );
    }
    return new ConductorOneError(
      'CredentialsRejected',
      `${endpoint.host} rejected the client credentials (${status}). Create a new client ID and secret on the page of the connector in ConductorOne, and replace both.`,
    );
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly date: string | null;
  readonly retryAfter: string | null;
}

function headerOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // For example HTML from a proxy; the caller reports what is missing.
    return {};
  }
}

function lifetimeOf(value: unknown): number {
  const seconds = typeof value === 'number' && value > 0 ? value : DEFAULT_LIFETIME_S;
  return Math.min(seconds, LONGEST_LIFETIME_S);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}
