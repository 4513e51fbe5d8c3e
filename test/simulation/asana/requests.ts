import type { InternalAxiosRequestConfig } from 'axios';
import type { Route } from '../../../src/sandbox/world.ts';

/** A request as it is sent over the wire. */
export interface WireRequest {
  readonly token: string;
  readonly method: string;
  /** Relative to the base URL, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Returns the request that axios was told to send. */
export function readRequest(config: InternalAxiosRequestConfig, baseUrl: string): WireRequest {
  const url = (config.url ?? '').slice(baseUrl.length);
  const mark = url.indexOf('?');
  const authorization = config.headers.get('Authorization');
  const data: unknown = config.data;
  return {
    token: typeof authorization === 'string' ? authorization.replace(/^Bearer /, '') : '',
    method: (config.method ?? 'get').toUpperCase(),
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(mark + 1))),
    body: typeof data === 'string' && data !== '' ? JSON.parse(data) : undefined,
  };
}

interface Compiled {
  readonly route: Route;
  readonly segments: readonly string[];
}

/** Finds the route of a request, as the sandbox's HTTP server would. */
export class RouteTable {
  readonly #routes = new Map<string, Compiled[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const segments = route.path.split('/');
      const key = `${route.method} ${segments.length}`;
      const list = this.#routes.get(key) ?? [];
      this.#routes.set(key, list);
      // Paths without parameters come first, as a radix router prefers them.
      if (route.path.includes(':')) list.push({ route, segments });
      else list.unshift({ route, segments });
    }
  }

  find(method: string, path: string): { route: Route; params: Record<string, string> } | null {
    const given = path.split('/');
    for (const { route, segments } of this.#routes.get(`${method} ${given.length}`) ?? []) {
      const params = match(segments, given);
      if (params) return { route, params };
    }
    return null;
  }
}

function match(segments: readonly string[], given: readonly string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = given[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = decodeURIComponent(text);
    else if (segment !== text) return null;
  }
  return params;
}
