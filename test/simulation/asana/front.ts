import { type AxiosAdapter, AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { Clock, Random } from '../../../src/core/clock.ts';
import type { FaultEffect } from '../../../src/sandbox/faults.ts';
import { Refusal } from '../../../src/sandbox/refusal.ts';
import type { Answer, Ask, Route } from '../../../src/sandbox/world.ts';
import { between } from '../random.ts';
import { type Holding, holdingOf } from './holding.ts';
import { RouteTable, readRequest } from './requests.ts';
import { ASANA_URL, type Site, TOKEN_HOLDERS, tokenOf } from './site.ts';

/** One request as it leaves a process. */
export interface AsanaRequest {
  readonly number: number;
  /** The process that sent it. */
  readonly by: string;
  readonly token: string;
  readonly site: Site;
  readonly method: string;
  /** The sandbox's name of the operation in Asana's API. */
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A write that has reached Asana, and what its person had before and after. */
export interface AsanaWrite extends AsanaRequest {
  readonly status: number;
  readonly before: Holding | null;
  readonly after: Holding | null;
}

/** An answer that a process received; its status is 0 if it was lost. */
export interface AsanaAnswer extends AsanaRequest {
  readonly status: number;
  readonly json: unknown;
  /** The wait that a 429 asks for. */
  readonly retryAfterMs: number | null;
}

/** Observes everything that passes between the processes and Asana. */
export interface AsanaWatcher {
  leaves?(request: AsanaRequest): void;
  /** Called when the request has reached Asana or was lost; its sender may be dead by then and never get an answer. */
  arrives?(request: AsanaRequest): void;
  writes?(write: AsanaWrite): void;
  answers?(answer: AsanaAnswer): void;
}

/** The process that sends a request, as far as the wire knows it. */
export interface Caller {
  readonly name: string;
  readonly clock: Clock;
  /** Called before a request leaves and again after it took effect; returns true once the process is dead. */
  readonly dies: () => boolean;
}

export interface FrontOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sites: readonly Site[];
  /** Whether the connectors with this token use SCIM too; by default all do. */
  readonly readsScim?: (token: string) => boolean;
  /** Receives errors of the sandbox and of watchers; by default they become uncaught exceptions. */
  readonly onBroken?: (error: unknown) => void;
}

function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** Never resolves; a dead process waits for it. */
const NEVER = new Promise<never>(() => {});

/**
 * The wire between the processes and the organizations of the simulated Asana. Applies tokens, rate limits, faults and
 * latency, then calls the sandbox's own routes. There are no sockets: a request is a few calls.
 */
export class AsanaFront {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sites: readonly Site[];
  readonly #tables = new Map<Site, RouteTable>();
  readonly #watchers: AsanaWatcher[] = [];
  /** The organization behind each token; steps may redirect a token to another one. */
  readonly #behind = new Map<string, { readonly site: Site; readonly own: string }>();
  readonly #readsScim: (token: string) => boolean;
  readonly #onBroken: (error: unknown) => void;
  #numbers = 0;

  constructor(options: FrontOptions) {
    this.#readsScim = options.readsScim ?? (() => true);
    this.#onBroken = options.onBroken ?? throwLater;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#sites = options.sites;
    for (const site of options.sites) {
      this.#tables.set(site, new RouteTable(site.routes));
      this.redirect(site, site);
    }
  }

  watch(watcher: AsanaWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Redirects a site's tokens to another organization, or back to its own. */
  redirect(from: Site, to: Site): void {
    for (const holder of TOKEN_HOLDERS)
      this.#behind.set(tokenOf(from.plan, holder), { site: to, own: tokenOf(to.plan, holder) });
  }

  /** Returns the organization that a token reads now. */
  siteOf(token: string): Site | null {
    return this.#behind.get(token)?.site ?? null;
  }

  /** Returns the axios adapter that carries the requests of one process. */
  adapterFor(caller: Caller): AxiosAdapter {
    return (config) =>
      this.#carry(caller, config).catch((error: unknown) => {
        // The process sees a failing network, which would hide errors of the judge and the sandbox.
        if (!(error instanceof AxiosError)) this.#onBroken(error);
        throw error;
      });
  }

  async #carry(caller: Caller, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const request = this.#open(caller, config);
    if (caller.dies()) return NEVER;
    for (const watcher of this.#watchers) watcher.leaves?.(request);
    await this.#clock.sleep(between(this.#random, 5, 120));
    for (const watcher of this.#watchers) watcher.arrives?.(request);
    const { answer, lost, delayMs } = this.#serve(request, config);
    if (caller.dies()) return NEVER;
    const abort = config.signal;
    await Promise.race([
      caller.clock.sleep(between(this.#random, 5, 120) + delayMs),
      new Promise<void>((resolve) => abort?.addEventListener?.('abort', () => resolve(), { once: true })),
    ]);
    if (abort?.aborted) throw new AxiosError('aborted', AxiosError.ERR_CANCELED);
    if (lost) {
      this.#tell({ ...request, status: 0, json: undefined, retryAfterMs: null });
      throw new AxiosError('socket hang up', 'ECONNRESET');
    }
    const pause = answer.headers?.['retry-after'];
    const retryAfterMs = pause === undefined ? null : Number(pause) * 1000;
    this.#tell({ ...request, status: answer.status, json: answer.json, retryAfterMs });
    return responseOf(request, answer, config);
  }

  #open(caller: Caller, config: InternalAxiosRequestConfig): AsanaRequest {
    const { token, method, path, query, body } = readRequest(config, ASANA_URL);
    this.#numbers += 1;
    const site = this.siteOf(token) ?? this.#sites[0];
    if (!site) throw new Error('a simulated Asana needs an organization');
    const found = this.#tables.get(site)?.find(method, path) ?? null;
    const operation = found?.route.operation ?? 'unmatched';
    const params = found?.params ?? {};
    return { number: this.#numbers, by: caller.name, token, site, method, operation, params, query, body };
  }

  /** Serves a request that has reached Asana: whatever it changes, it changes now. */
  #serve(
    request: AsanaRequest,
    config: InternalAxiosRequestConfig,
  ): { answer: Answer; lost: boolean; delayMs: number } {
    const { site, method, operation } = request;
    const path = pathOf(config);
    // A redirected connector uses a token of the other organization.
    const token = site.tokens.identify(`Bearer ${this.#behind.get(request.token)?.own ?? ''}`);
    const effect = site.faults.strike({ method, path, operation, token: 'serviceAccount' });
    const delayMs = effect.delayMs ?? 0;
    if (effect.resetConnection) return { answer: { status: 0 }, lost: true, delayMs };
    try {
      if (!token) throw new Refusal('rest', 401, 'Not Authorized');
      const admission = token.limits.admit(method === 'GET' ? 'read' : 'write', operation);
      if (!admission.admitted)
        throw new Refusal('rest', 429, 'rate limited', { retryAfterSeconds: admission.retryAfterSeconds });
      admission.done();
      if (effect.status !== undefined) return { answer: faultAnswer(effect, path), lost: false, delayMs };
      const route = this.#tables.get(site)?.find(method, path)?.route;
      if (!route) throw new Refusal('rest', 404, 'No matching route for request');
      const ask: Ask = {
        token,
        effect,
        params: request.params,
        query: request.query,
        path,
        body: request.body,
      };
      const answer = this.#handle(request, route, ask);
      return { answer, lost: effect.loseResponse === true, delayMs };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { answer: refusalAnswer(error), lost: effect.loseResponse === true, delayMs };
    }
  }

  #handle(request: AsanaRequest, route: Route, ask: Ask): Answer {
    if (request.method === 'GET')
      return mislead(request, this.#readsScim(request.token)) ?? lie(request, route.handler(ask));
    const before = holdingOf(request);
    let status = 0;
    try {
      const answer = route.handler(ask);
      status = answer.status;
      return answer;
    } catch (error) {
      if (error instanceof Refusal) status = error.status;
      throw error;
    } finally {
      const write = { ...request, status, before, after: holdingOf(request) };
      for (const watcher of this.#watchers) watcher.writes?.(write);
    }
  }

  #tell(answer: AsanaAnswer): void {
    for (const watcher of this.#watchers) watcher.answers?.(answer);
  }
}

function pathOf(config: InternalAxiosRequestConfig): string {
  return readRequest(config, ASANA_URL).path;
}

/** Returns a misleading answer to a look at one person, which must have no consequences; `null` for a true answer. */
function mislead(request: AsanaRequest, readsScim: boolean): Answer | null {
  const { site, operation, query } = request;
  const asksRest = operation === 'getWorkspaceMembershipsForWorkspace' && query['user'] !== undefined;
  switch (site.misleading) {
    case 'NoWorkspace':
      if (!asksRest) return null;
      throw new Refusal('rest', 404, `workspace: Unknown object: ${site.organization.gid}`);
    case 'NoMembership':
      return asksRest && readsScim && isShownByScim(request)
        ? { status: 200, json: { data: [], next_page: null } }
        : null;
    case 'NotInScim':
      if (operation !== 'scimGetUser') return null;
      throw new Refusal('rest', 404, 'Not Found');
    case null:
      return null;
  }
}

/** Whether SCIM also shows the person. For guests, and in other workspaces, no other answer would. */
function isShownByScim({ site, params, query }: AsanaRequest): boolean {
  const { directory } = site;
  const user = query['user'] ?? '';
  const person = directory.person(user) ?? directory.personByEmail(user);
  return person?.kind === 'member' && params['workspace'] === site.organization.gid;
}

/** Shortens a listing so that it still looks whole. A look at one person by the same operation is not shortened. */
function lie({ site, operation, query }: AsanaRequest, answer: Answer): Answer {
  if (query['user'] !== undefined || query['filter'] !== undefined) return answer;
  const found = site.lies.find(({ operations }) => operations.includes(operation));
  if (!found || typeof answer.json !== 'object' || answer.json === null) return answer;
  const json = answer.json as { Resources?: unknown[]; data?: unknown[] };
  const keep = <T>(all: T[]) => all.slice(0, Math.ceil(all.length * found.keep));
  if (Array.isArray(json.Resources)) {
    const shown = keep(json.Resources);
    return { ...answer, json: { ...json, Resources: shown, totalResults: shown.length } };
  }
  return Array.isArray(json.data) ? { ...answer, json: { ...json, data: keep(json.data) } } : answer;
}

function faultAnswer(effect: FaultEffect, path: string): Answer {
  const status = effect.status ?? 500;
  const surface = path.startsWith('/scim/') ? 'scim' : 'rest';
  const headers: Record<string, string> =
    effect.retryAfter === undefined ? {} : { 'retry-after': String(effect.retryAfter) };
  return {
    status,
    json: new Refusal(surface, status, effect.message ?? 'a fault of the schedule').body(),
    headers,
  };
}

function refusalAnswer(refusal: Refusal): Answer {
  const { status, retryAfterSeconds } = refusal;
  return {
    status,
    json: refusal.body(),
    ...(retryAfterSeconds === null ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }),
  };
}

function responseOf(
  request: AsanaRequest,
  answer: Answer,
  config: InternalAxiosRequestConfig,
): AxiosResponse {
  return {
    status: answer.status,
    statusText: '',
    headers: {
      date: request.site.time.httpDate(),
      'x-request-id': `r-${request.number}`,
      ...answer.headers,
    },
    data: answer.json === undefined ? '' : JSON.stringify(answer.json),
    config,
  };
}
