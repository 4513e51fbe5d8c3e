import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AgentOptions, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

/** What goes wrong with a request; null lets it through. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter?: number; readonly body?: string }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silence' }
  /** Passes the answer on, and resets the connection so many milliseconds after its head. */
  | { readonly kind: 'cut'; readonly afterMs: number }
  /** Passes the head of the answer and then nothing more: the other side is gone, and nobody was told. */
  | { readonly kind: 'freeze' }
  /** Answers a watch with this line instead of what the server says. */
  | { readonly kind: 'line'; readonly line: string };

export type FaultOf = (request: IncomingMessage) => Fault | null;

/** A reverse proxy before the real API server that misbehaves on demand, and counts the connections made to it. */
export class FaultyProxy {
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #tls: AgentOptions;
  readonly #sockets = new Set<Socket>();
  faultOf: FaultOf = () => null;
  connections = 0;
  readonly seen: string[] = [];

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

  static async start(kubeconfigPath: string): Promise<FaultyProxy> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const tls: AgentOptions = {};
    await config.applyToHTTPSOptions(tls);
    const proxy = new FaultyProxy(new URL(config.getCurrentCluster()?.server ?? ''), tls);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** A kubeconfig that leads through the proxy. */
  get config(): KubeConfig {
    const config = new KubeConfig();
    const { port } = this.#server.address() as AddressInfo;
    config.loadFromClusterAndUser(
      { name: 'proxy', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'nobody' },
    );
    return config;
  }

  /** Resets every connection there is. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.resetAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.seen.push(`${incoming.method} ${incoming.url}`);
    const fault = this.faultOf(incoming);
    if (fault?.kind === 'reset') incoming.socket.resetAndDestroy();
    else if (fault?.kind === 'answer') {
      const retry = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      outgoing
        .writeHead(fault.status, { 'content-type': 'application/json', ...retry })
        .end(fault.body ?? '{}');
    } else if (fault?.kind === 'redirect') {
      outgoing.writeHead(302, { location: fault.to }).end();
    } else if (fault?.kind === 'line') {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end(`${fault.line}\n`);
    } else if (fault?.kind !== 'silence') this.#forward(incoming, outgoing, fault);
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse, fault: Fault | null): void {
    const target = new URL(incoming.url ?? '/', this.#upstream);
    const upstream = request(
      target,
      { ...this.#tls, method: incoming.method, headers: { ...incoming.headers, host: target.host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        // A quiet watch has a head and, for a long time, nothing else.
        outgoing.flushHeaders();
        if (fault?.kind === 'freeze') {
          answer.resume();
          return;
        }
        if (fault?.kind === 'cut') setTimeout(() => incoming.socket.resetAndDestroy(), fault.afterMs);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
      },
    );
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }
}
