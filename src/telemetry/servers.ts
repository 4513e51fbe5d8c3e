import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../core/clock.ts';
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
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new InvalidInputError(
      flag,
      'must be host:port, such as :8080 or 127.0.0.1:8080, or 0 to turn it off',
    );
  return { host: match[1] ?? (match[2] === '' ? undefined : match[2]), port };
}

/** Whoever sends, reads or does nothing for so long is let go. */
const PATIENCE_MS = 5_000;

/** A kubelet and a few scrapers have one each. */
const MOST_CONNECTIONS = 64;

/** A small server for probes and metrics: GET and HEAD only, no bodies, bounded in time, size and connections. */
export class PageServer {
  readonly #server: Server;
  /** Those that are open; whoever asked last is last. */
  readonly #connections = new Set<Socket>();

  /** @param patienceMs tests shorten it */
  constructor(pages: Pages, patienceMs: number = PATIENCE_MS, clock: Clock = systemClock) {
    const press = new Press(pages, clock);
    this.#server = createServer(
      {
        maxHeaderSize: 8 * 1024,
        headersTimeout: patienceMs,
        requestTimeout: patienceMs,
        keepAliveTimeout: patienceMs,
        // Node looks for requests that are late only every 30 s, long enough to take every connection from the kubelet.
        connectionsCheckingInterval: Math.min(1_000, patienceMs),
      },
      (request, response) => {
        this.#putLast(request.socket);
        answer(press, request, response).catch(() => fail(response));
      },
    );
    this.#server.on('connection', (socket: Socket) => this.#admit(socket));
    // A peer that asks and never reads is not late with its request.
    this.#server.timeout = patienceMs;
  }

  /** Listens; returns the port, which differs from the one asked for when that was 0. */
  listen(address: { host: string | undefined; port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      // It stays: a connection that cannot be accepted (no file descriptor left) must not end the process.
      this.#server.on('error', reject);
      this.#server.listen(address.port, address.host, () =>
        resolve((this.#server.address() as AddressInfo).port),
      );
    });
  }

  /**
   * Above the limit whoever has asked for nothing the longest makes room. To turn away the one that comes instead would turn
   * away the kubelet, which comes anew for every probe, as long as polite clients keep their connections.
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

/** A page that throws is a fault of this program; whoever asked learns that it has no answer, and not why. */
function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-type': 'text/plain' }).end('this page failed\n');
}

/** A page ready to be sent as often as it is asked for. */
interface Print {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** A page is given again for so many times as long as it took to make: pages take a tenth of the time at most. */
const REUSE_FACTOR = 9;
/** However long it took, nobody is shown what is older. */
const LONGEST_REUSE_MS = 1_000;

/**
 * Makes pages no faster than the process can afford. The metrics of a hundred connectors take some 20 ms: asked for
 * without end over every connection, making each one anew would leave no time for the work. A probe takes
 * microseconds and stays as fresh as if there were no press.
 */
class Press {
  readonly #pages: Pages;
  readonly #clock: Clock;
  /** By path, apart for verbose: as many as there are pages, twice. */
  readonly #prints = new Map<string, { readonly print: Promise<Print>; until: number }>();

  constructor(pages: Pages, clock: Clock) {
    this.#pages = pages;
    this.#clock = clock;
  }

  get paths(): readonly string[] {
    return Object.keys(this.#pages);
  }

  /** The page at this path; null when there is none. Rejects with what the page throws, and does not keep that. */
  print(path: string, verbose: boolean): Promise<Print> | null {
    const page = Object.hasOwn(this.#pages, path) ? this.#pages[path] : undefined;
    if (!page) return null;
    const key = `${path} ${verbose}`;
    const known = this.#prints.get(key);
    if (known && this.#clock.monotonic() < known.until) return known.print;
    // While it is being made everybody waits for the same one.
    const entry = { print: this.#make(key, () => page(verbose)), until: Number.POSITIVE_INFINITY };
    this.#prints.set(key, entry);
    return entry.print;
  }

  async #make(key: string, page: () => Page | Promise<Page>): Promise<Print> {
    const begun = this.#clock.monotonic();
    // The entry is there before the page ends, even one that throws at once.
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
    // Whatever body follows is not waited for.
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
