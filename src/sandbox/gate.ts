import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { deliverFault, RATE_LIMITED } from './deliver.ts';
import type { AsanaFaults, FaultEffect } from './faults.ts';
import { Refusal, type Surface, scimRefusal } from './refusal.ts';
import type { RequestEntry, RequestLog } from './request-log.ts';
import type { SandboxTime } from './sandbox-time.ts';
import type { Settings } from './settings.ts';
import type { Token, Tokens } from './tokens.ts';

export const BASE_PATH = '/api/1.0';

/** A request that was let in. */
export interface Entry {
  readonly token: Token;
  readonly effect: FaultEffect;
}

/** The state of a request until it ends. */
interface Visit {
  readonly logged: RequestEntry;
  done: (() => void) | null;
}

export interface GateParts {
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly faults: AsanaFaults;
  readonly log: RequestLog;
  readonly time: SandboxTime;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Aborted when the sandbox closes, which ends every wait. */
  readonly closing: AbortSignal;
}

/**
 * The checks that every request passes before its handler: token, rate limit, faults, latency. At Asana these belong to
 * the gateway, which has one form of error for both surfaces.
 */
export class Gate {
  readonly #parts: GateParts;
  readonly #entries = new WeakMap<FastifyRequest, Entry>();
  readonly #visits = new WeakMap<FastifyRequest, Visit>();

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** Returns the entry of a request that has passed. */
  entryOf(request: FastifyRequest): Entry {
    const entry = this.#entries.get(request);
    if (entry === undefined) throw new Error('this request has not passed the gate');
    return entry;
  }

  /** Lets a request pass, or sends the answer that a fault puts in its place. @throws Refusal 401, 403 or 429 */
  async pass(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { settings, tokens, faults, time, clock, closing } = this.#parts;
    reply.header('date', time.httpDate()).header('x-request-id', request.id);
    const token = tokens.identify(request.headers.authorization);
    const visit = this.#begin(request, reply, token);
    if (token === undefined) throw new Refusal('rest', 401, 'Not Authorized');
    visit.done = admit(token, request);
    const operation = operationOf(request);
    const effect = faults.strike({
      method: request.method,
      path: pathOf(request),
      operation,
      token: token.kind,
    });
    this.#entries.set(request, { token, effect });
    const waitMs = settings.latencyMs + (effect.delayMs ?? 0);
    if (waitMs > 0) await clock.sleep(waitMs, closing);
    const surface = surfaceOf(request);
    if (deliverFault(reply, surface, effect)) return;
    requireSurface(token, surface);
    if (settings.scimOnlyReads) requireWriting(token, request);
  }

  /**
   * Ends a request whose answer is ready. Its slot is freed before the first byte leaves, so that a client that waits
   * for answers and keeps exactly to the limit is never refused.
   */
  leave(request: FastifyRequest, status: number): void {
    const visit = this.#visits.get(request);
    if (visit === undefined) return;
    visit.logged.status ??= status;
    visit.done?.();
  }

  #begin(request: FastifyRequest, reply: FastifyReply, token: Token | undefined): Visit {
    const { log, time } = this.#parts;
    const logged = log.record({
      id: request.id,
      at: time.now(),
      method: request.method,
      path: request.url.startsWith(BASE_PATH) ? request.url.slice(BASE_PATH.length) : request.url,
      operation: operationOf(request),
      token: token?.kind ?? null,
    });
    const visit: Visit = { logged, done: null };
    this.#visits.set(request, visit);
    // For truncated answers, and for clients that disconnect before the answer.
    reply.raw.once('close', () => this.leave(request, reply.raw.headersSent ? reply.raw.statusCode : 0));
    return visit;
  }
}

/** Counts the request against its token. Returns the function that frees its slot. */
function admit(token: Token, request: FastifyRequest): () => void {
  const kind = request.method === 'GET' ? 'read' : 'write';
  const admission = token.limits.admit(kind, operationOf(request));
  if (admission.admitted) return admission.done;
  throw new Refusal('rest', 429, RATE_LIMITED, { retryAfterSeconds: admission.retryAfterSeconds });
}

/** Refuses SCIM to personal access tokens, and REST to tokens with SCIM permissions only. */
function requireSurface(token: Token, surface: Surface): void {
  if (surface === 'scim' && token.kind === 'personalAccessToken') {
    throw scimRefusal(403, 'SCIM needs the token of a service account');
  }
  if (surface === 'rest' && token.kind === 'scimOnly') {
    throw new Refusal('rest', 403, 'This service account has no permission to use this endpoint.');
  }
}

/** Refuses writes by a SCIM-only token, for the setting that gives it read permissions only. */
function requireWriting({ kind }: Token, { method }: FastifyRequest): void {
  if (kind === 'scimOnly' && method !== 'GET')
    throw scimRefusal(403, 'This service account has no permission to change users or teams.');
}

export function surfaceOf(request: FastifyRequest): Surface {
  return request.url.startsWith(`${BASE_PATH}/scim/`) ? 'scim' : 'rest';
}

/** Returns the path below the base path, without the query. */
export function pathOf(request: FastifyRequest): string {
  const end = request.url.indexOf('?');
  return request.url.slice(BASE_PATH.length, end < 0 ? undefined : end);
}

function operationOf(request: FastifyRequest): string {
  const { config } = request.routeOptions;
  return 'operation' in config && typeof config.operation === 'string' ? config.operation : 'unmatched';
}
