import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { WatchLine } from '../../src/kubernetes/watch-lines.ts';
import type { ConfigMap } from './rig.ts';

export const NAMESPACE = 'laws';

/** How the server refuses what it no longer has. */
export interface Expiry {
  /** Whether the 410 of a list offers a token to continue with newer data. */
  readonly offersNewToken: boolean;
  /** Whether a watch is answered with a 410; otherwise it starts, and sends an ERROR event. */
  readonly refusesAtOnce: boolean;
}

interface Event {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ConfigMap;
}

const EXPIRED = { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old' };

/**
 * The part of an API server that lists and watches use, over HTTP, with a history that a test can compact at any time:
 * one version counter for all changes, pages of one consistent state by continue tokens, watches from any version that
 * is kept, and bookmarks on demand.
 */
export class ListWatchServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #objects = new Map<string, ConfigMap>();
  readonly #watches = new Set<ServerResponse>();
  /** The states that continue tokens refer to, by version. */
  readonly #snapshots = new Map<number, readonly ConfigMap[]>();
  #history: readonly Event[] = [];
  #version = 100;
  #uids = 0;
  /** The version up to which changes were dropped. */
  #compacted = 100;
  #expiry: Expiry = { offersNewToken: true, refusesAtOnce: true };

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<ListWatchServer> {
    const server = new ListWatchServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  get objects(): ReadonlyMap<string, ConfigMap> {
    return this.#objects;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Creates an object, or changes the existing one. */
  write(name: string, value: string): ConfigMap {
    const known = this.#objects.get(name);
    this.#version += 1;
    const object = {
      metadata: {
        name,
        namespace: NAMESPACE,
        uid: known?.metadata.uid ?? `uid-${(this.#uids += 1)}`,
        resourceVersion: String(this.#version),
        generation: (known?.metadata.generation ?? 0) + 1,
      },
      data: { value },
    };
    this.#objects.set(name, object);
    this.#tell(known ? 'MODIFIED' : 'ADDED', object);
    return object;
  }

  delete(name: string): void {
    const known = this.#objects.get(name);
    if (!known) return;
    this.#version += 1;
    this.#objects.delete(name);
    const { metadata } = known;
    this.#tell('DELETED', {
      ...known,
      metadata: { ...metadata, resourceVersion: String(this.#version) },
    });
  }

  /** Drops all changes so far: a watch from an older version and a list of a next page get a 410. */
  compact(expiry: Expiry): void {
    this.#expiry = expiry;
    this.#compacted = this.#version;
    this.#history = [];
    this.#snapshots.clear();
  }

  bookmark(): void {
    const metadata = { resourceVersion: String(this.#version) };
    for (const watch of this.#watches) send(watch, { type: 'BOOKMARK', object: { metadata } });
  }

  /** Ends every watch cleanly, as an API server does at its timeout. */
  endWatches(): number {
    const { size } = this.#watches;
    for (const watch of this.#watches) watch.end();
    this.#watches.clear();
    return size;
  }

  #tell(type: Event['type'], object: ConfigMap): void {
    this.#history = [...this.#history, { version: this.#version, type, object }];
    for (const watch of this.#watches) send(watch, { type, object: { ...object } });
  }

  #answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const query = new URL(url, this.url).searchParams;
    if (query.get('watch') === 'true') this.#watch(Number(query.get('resourceVersion')), response);
    else this.#list(Number(query.get('limit')), query.get('continue'), response);
  }

  #watch(from: number, response: ServerResponse): void {
    const isForgotten = from < this.#compacted;
    const { refusesAtOnce } = this.#expiry;
    response.writeHead(isForgotten && refusesAtOnce ? 410 : 200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (isForgotten) {
      response.end(`${JSON.stringify(refusesAtOnce ? EXPIRED : { type: 'ERROR', object: EXPIRED })}\n`);
      return;
    }
    for (const { version, type, object } of this.#history)
      if (version > from) send(response, { type, object: { ...object } });
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }

  #list(limit: number, token: string | null, response: ServerResponse): void {
    const [version, from] = token === null ? [this.#version, 0] : (JSON.parse(token) as [number, number]);
    if (token === null) this.#snapshots.set(version, [...this.#objects.values()]);
    response.setHeader('content-type', 'application/json');
    const all = this.#snapshots.get(version);
    if (!all) {
      const metadata = this.#expiry.offersNewToken ? { continue: JSON.stringify([this.#version, from]) } : {};
      response.writeHead(410).end(JSON.stringify({ ...EXPIRED, metadata }));
      return;
    }
    const next = from + limit < all.length ? JSON.stringify([version, from + limit]) : '';
    const metadata = { resourceVersion: String(version), continue: next };
    response.end(JSON.stringify({ metadata, items: all.slice(from, from + limit) }));
  }
}

function send(watch: ServerResponse, line: WatchLine): void {
  watch.write(`${JSON.stringify(line)}\n`);
}
