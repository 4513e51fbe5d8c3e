import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../core/clock.ts';
import { InvalidInputError } from '../core/errors.ts';

/** One check of a probe: returns `null` if it passes, else the problem. */
export interface Check {
  readonly name: string;
  readonly check: () => string | null;
}

export interface Page {
  readonly contentType: string;
  readonly body: string;
  readonly status?: number;
}

/** The pages by path; `verbose` is true if the query asks for it. */
export type Pages = Readonly<Record<string, (verbose: boolean) => Page | Promise<Page>>>;

/** Parses where to listen: `:8080`, `127.0.0.1:8080`, `[::1]:8080`; `null` for `0` or an empty text: do not listen. */
export function parseBindAddress(
  flag: string,
  text: string,
): { host: string | undefined; port: number } | null {
  if (text === '0' || text === '') return null;
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new InvalidInputError(
      flag,
      'must be host:port, such as :8080 or 127.0.0.1:8080, or 0 to turn it off',
    );
  return { host: match[1] ?? (match[2] === '' ? undefined : match[2]), port };
}

/** Milliseconds after which a connection is closed that is idle, or too slow to send or read. */
const PATIENCE_MS = 5_000;

/** A kubelet and a few scrapers use one connection each. */
const MOST_CONNECTIONS = 64;

/** A small server for probes and metrics: GET and HEAD only, no bodies, bounded in time, size and connections. */
export class PageServer {
  readonly #server: Server;
  /** Open connections, in the order of their last request. */
  readonly #connections = new Set<Socket>();

  /** @param patienceMs shortened by tests */
  constructor(pages: Pages, patienceMs: number = PATIENCE_MS, clock: Clock = systemClock) {
    const press = new Press(pages, clock);
    this.#server = createServer(
      {
        maxHeaderSize: 8 * 1024,
        headersTimeout: patienceMs,
        requestTimeout: patienceMs,
        keepAliveTimeout: patienceMs,
        // By default Node checks for late requests only every 30 s: enough to starve the kubelet of connections.
        connectionsCheckingInterval: Math.min(1_000, patienceMs),
      },
      (request, response) => {
        this.#putLast(request.socket);
        answer(press, request, response).catch(() => fail(response));
      },
    );
    this.#server.on('connection', (socket: Socket) => this.#admit(socket));
    // The request timeouts do not cover a peer that sends a request and never reads the response.
    this.#server.timeout = patienceMs;
  }

  /** Starts to listen; returns the port, which is chosen by the system if the requested one is 0. */
  listen(address: { host: string | undefined; port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      // Never removed: a connection that cannot be accepted (no file descriptor left) must not end the process.
      this.#server.on('error', reject);
      this.#server.listen(address.port, address.host, () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  /**
   * Admits a connection; above the limit, closes the one whose last request is oldest. Rejecting the new connection
   * instead would lock out the kubelet, which reconnects for every probe, while other clients keep theirs alive.
   */
  #admit(socket: Socket): void {
    this.#putLast(socket);
    socket.once('close', () => this.#connections.delete(socket));
    if (this.#connections.size <= MOST_CONNECTIONS) return;
    const [longest] = this.#connections;
    if (!longest) return;
    this.#connections.delete(longest);
    longest.destroy();
  }

  #putLast(socket: Socket): void {
    this.#connections.delete(socket);
    this.#connections.add(socket);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** Answers 500 for a page that throws. The fault is internal, so the response does not say why. */
function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-type': 'text/plain' }).end('this page failed\n');
}

/** A rendered page, ready to be sent any number of times. */
interface Print {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** A page is reused for this many times its rendering time, so that rendering takes at most a tenth of the time. */
const REUSE_FACTOR = 9;
/** Upper bound of the reuse: an older page is never served, even if rendering then takes a larger share. */
const LONGEST_REUSE_MS = 1_000;

/**
 * Renders pages no more often than the process can afford. The metrics of a hundred connectors take some 20 ms: if
 * every connection requested them continuously, rendering each time would leave no time for other work. A probe takes
 * microseconds, so it stays as fresh as without reuse.
 */
class Press {
  readonly #pages: Pages;
  readonly #clock: Clock;
  /** By path and `verbose`: at most two for each page. */
  readonly #prints = new Map<string, { readonly print: Promise<Print>; until: number }>();

  constructor(pages: Pages, clock: Clock) {
    this.#pages = pages;
    this.#clock = clock;
  }

  get paths(): readonly string[] {
    return Object.keys(this.#pages);
  }

  /** Returns the page at this path; `null` if there is none. Rejects with the error of the page, which is not kept. */
  print(path: string, verbose: boolean): Promise<Print> | null {
    const page = Object.hasOwn(this.#pages, path) ? this.#pages[path] : undefined;
    if (!page) return null;
    const key = `${path} ${verbose}`;
    const known = this.#prints.get(key);
    if (known && this.#clock.monotonic() < known.until) return known.print;
    // Requests that come while the page is rendered wait for the same print.
    const entry = { print: this.#make(key, () => page(verbose)), until: Number.POSITIVE_INFINITY };
    this.#prints.set(key, entry);
    return entry.print;
  }

  async #make(key: string, page: () => Page | Promise<Page>): Promise<Print> {
    const begun = this.#clock.monotonic();
    // Yield first, so that the entry is stored before the page ends, even if the page throws at once.
    await Promise.resolve();
    try {
      const { status = 200, contentType, body } = await page();
      const print = { status, contentType, body: Buffer.from(body) };
      const ended = this.#clock.monotonic();
      const entry = this.#prints.get(key);
      if (entry) entry.until = ended + Math.min((ended - begun) * REUSE_FACTOR, LONGEST_REUSE_MS);
      return print;
    } catch (error) {
      this.#prints.delete(key);
      throw error;
    }
  }
}

async function answer(press: Press, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // Do not wait for a body.
    response.writeHead(405, { allow: 'GET, HEAD', connection: 'close' }).end();
    return;
  }
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const verbose = query.split('&').some((part) => part.split('=')[0] === 'verbose');
  const print = await press.print(path, verbose);
  if (!print) {
    response
      .writeHead(404, { 'content-type': 'text/plain' })
      .end(`not found; there is ${press.paths.join(', ')}\n`);
    return;
  }
  response.writeHead(print.status, {
    'content-type': print.contentType,
    'content-length': print.body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : print.body);
}

/** Returns a probe's page: 200 if every check passes, else 503 with the failed ones; `?verbose` lists all. */
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
