import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AgentOptions, request as requestHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Transform } from 'node:stream';
import { KubeConfig } from '@kubernetes/client-node';
import { resetSocket } from '../../src/sandbox/reset-socket.ts';

/** The fault of a request; the proxy forwards the request unchanged if there is none. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly retryAfter?: number | string;
      readonly body?: string;
    }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence' }
  /** Forwards the answer, and resets the connection so many milliseconds after the head. */
  | { readonly kind: 'cut'; readonly afterMs: number }
  /** Forwards the head of the answer and half of the next chunk, then resets the connection. */
  | { readonly kind: 'tear' }
  /** Forwards the head of the answer and nothing more: the peer is gone without closing the connection. */
  | { readonly kind: 'freeze'; readonly onHead?: () => void }
  /** Forwards the request after so many milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Forwards the request, and resets the connection instead of answering. */
  | { readonly kind: 'lose' }
  /** Forwards the answer with `connection: close`, HTTP/1.1's counterpart of a GOAWAY. */
  | { readonly kind: 'close' }
  /** Requests a watch that the server itself ends cleanly after so many seconds. */
  | { readonly kind: 'shorten'; readonly seconds: number }
  /** Forwards a watch without its bookmarks. */
  | { readonly kind: 'dropBookmarks' }
  /** Answers a watch with this line instead of the server's. */
  | { readonly kind: 'line'; readonly line: string };

export type FaultOf = (request: IncomingMessage) => Fault | null;

/** A request that the proxy received. */
export interface Arrival {
  /** The time on the monotonic clock, in milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly fault: Fault['kind'] | null;
}

/** A reverse proxy in front of a real server that injects faults on demand, and counts its connections. */
export class FaultyProxy {
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #tls: AgentOptions;
  readonly #sockets = new Set<Socket>();
  faultOf: FaultOf = () => null;
  connections = 0;
  /** How often a fault took effect. Each dropped bookmark counts, and each torn event. */
  fired = 0;
  readonly arrivals: Arrival[] = [];

  private constructor(upstream: URL, tls: AgentOptions) {
    this.#upstream = upstream;
    this.#tls = tls;
    this.#server = createServer((incoming, outgoing) => this.#handle(incoming, outgoing));
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(kubeconfigPath: string, host = '127.0.0.1'): Promise<FaultyProxy> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const tls: AgentOptions = {};
    await config.applyToHTTPSOptions(tls);
    return FaultyProxy.before(new URL(config.getCurrentCluster()?.server ?? ''), { tls, host });
  }

  /** Starts a proxy in front of any HTTP server. */
  static async before(
    upstream: URL,
    { tls = {}, host = '127.0.0.1' }: { readonly tls?: AgentOptions; readonly host?: string } = {},
  ): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(upstream, tls);
    await new Promise<void>((resolve) => proxy.#server.listen(0, host, resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Returns a kubeconfig that leads through the proxy. */
  get config(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'proxy', server: `http://127.0.0.1:${this.port}`, skipTLSVerify: true },
      { name: 'nobody' },
    );
    return config;
  }

  /** Returns the received requests as `GET /path?query`. */
  get seen(): string[] {
    return this.arrivals.map(({ method, url }) => `${method} ${url}`);
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const socket of this.#sockets) resetSocket(socket);
  }

  /** Closes everything, but without resets: if the peer is already gone, a reset keeps Node 26 from ever exiting. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const fault = this.faultOf(incoming);
    const { method = '', url = '' } = incoming;
    this.arrivals.push({ at: performance.now(), method, url, fault: fault?.kind ?? null });
    if (fault && fault.kind !== 'dropBookmarks' && fault.kind !== 'tear') this.fired += 1;
    if (fault?.kind === 'reset') resetSocket(incoming.socket);
    else if (fault?.kind === 'answer') {
      const retry = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      outgoing
        .writeHead(fault.status, { 'content-type': 'application/json', ...retry })
        .end(fault.body ?? '{}');
    } else if (fault?.kind === 'redirect') {
      outgoing.writeHead(302, { location: fault.to }).end();
    } else if (fault?.kind === 'line') {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(`${fault.line}\n`);
    } else if (fault?.kind === 'delay') {
      setTimeout(() => this.#forward(incoming, outgoing, null), fault.ms);
    } else if (fault?.kind !== 'silence') this.#forward(incoming, outgoing, fault);
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | null): void {
    const target = new URL(incoming.url ?? '/', this.#upstream);
    if (fault?.kind === 'shorten') target.searchParams.set('timeoutSeconds', String(fault.seconds));
    const send = target.protocol === 'http:' ? requestHttp : requestHttps;
    const upstream = send(
      target,
      { ...this.#tls, method: incoming.method, headers: { ...incoming.headers, host: target.host } },
      (answer) => this.#pass(answer, incoming.socket, outgoing, fault),
    );
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }

  #pass(answer: IncomingMessage, socket: Socket, outgoing: ServerResponse, fault: Fault | null): void {
    answer.on('error', () => outgoing.destroy());
    if (fault?.kind === 'lose') {
      answer.resume().once('end', () => resetSocket(socket));
      return;
    }
    const close = fault?.kind === 'close' ? { connection: 'close' } : {};
    outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...close });
    // A quiet watch sends its head and then nothing for a long time.
    outgoing.flushHeaders();
    if (fault?.kind === 'freeze') {
      answer.resume();
      fault.onHead?.();
    } else if (fault?.kind === 'tear') {
      answer.once('data', (bytes: Buffer) => {
        this.fired += 1;
        outgoing.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => resetSocket(socket));
      });
    } else if (fault?.kind === 'dropBookmarks') {
      answer.pipe(withoutBookmarks(() => (this.fired += 1))).pipe(outgoing);
    } else {
      if (fault?.kind === 'cut') setTimeout(() => resetSocket(socket), fault.afterMs);
      answer.pipe(outgoing);
    }
  }
}

/** Forwards complete lines, except bookmarks. */
function withoutBookmarks(onDropped: () => void): Transform {
  let rest = '';
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      const lines = (rest + bytes.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      const kept = lines.filter((line) => !line.startsWith('{"type":"BOOKMARK"'));
      for (let dropped = lines.length - kept.length; dropped > 0; dropped -= 1) onDropped();
      done(null, kept.map((line) => `${line}\n`).join(''));
    },
  });
}
