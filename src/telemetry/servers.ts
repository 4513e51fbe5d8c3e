import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvalidInputError } from '../core/errors.ts';

/** One thing a probe looks at: null when it is well, else what is wrong. */
export interface Check {
  readonly name: string;
  readonly check: () => string | null;
}

export interface Page {
  readonly contentType: string;
  readonly body: string;
  readonly status?: number;
}

/** A path and what it shows; `verbose` when the query asks for it. */
export type Pages = Readonly<Record<string, (verbose: boolean) => Page | Promise<Page>>>;

/** Where to listen: `:8080`, `127.0.0.1:8080`, `[::1]:8080`; null for `0`, which means not at all. */
export function parseBindAddress(
  flag: string,
  text: string,
): { host: string | undefined; port: number } | null {
  if (text === '0' || text === '') return null;
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new InvalidInputError(flag, 'must be host:port, such as :8080 or 127.0.0.1:8080, or 0 for none');
  return { host: match[1] ?? (match[2] === '' ? undefined : match[2]), port };
}

/** A small server for probes and metrics: GET and HEAD only, no bodies, bounded in time, size and connections. */
export class PageServer {
  readonly #server: Server;

  constructor(pages: Pages) {
    this.#server = createServer(
      { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
      (request, response) => {
        answer(pages, request, response).catch(() => response.destroy());
      },
    );
    this.#server.maxConnections = 64;
  }

  /** Listens; returns the port, which differs from the one asked for when that was 0. */
  listen(address: { host: string | undefined; port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(address.port, address.host, () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

async function answer(pages: Pages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (!page) {
    response
      .writeHead(404, { 'content-type': 'text/plain' })
      .end(`not found; there is ${Object.keys(pages).join(', ')}\n`);
    return;
  }
  const {
    status = 200,
    contentType,
    body,
  } = await page(query.split('&').some((part) => part.split('=')[0] === 'verbose'));
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** A probe's page: 200 when every check is well, else 503 with what is wrong; `?verbose` lists them all. */
export function probePage(checks: readonly Check[]): (verbose: boolean) => Page {
  return (verbose) => {
    const results = checks.map(({ name, check }) => ({ name, problem: check() }));
    const failed = results.filter(({ problem }) => problem !== null);
    const lines = (verbose ? results : failed).map(({ name, problem }) =>
      problem === null ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
    );
    return {
      contentType: 'text/plain; charset=utf-8',
      status: failed.length === 0 ? 200 : 503,
      body: `${[...lines, failed.length === 0 ? 'ok' : 'not ok'].join('\n')}\n`,
    };
  };
}
