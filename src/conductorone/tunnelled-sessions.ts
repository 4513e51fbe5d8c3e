import type { ClientHttp2Stream } from 'node:http2';
import { type GrpcTransportOptions, Http2SessionManager } from '@connectrpc/connect-node';
import { openTunnel, type TunnelRoute } from './tunnel.ts';

type SessionManager = NonNullable<GrpcTransportOptions['sessionManager']>;
type PingOptions = ConstructorParameters<typeof Http2SessionManager>[1];

/** One tunnel and the manager that speaks over it. */
interface Session {
  readonly manager: Http2SessionManager;
  /** The tunnel takes no further call. */
  ended: boolean;
}

/**
 * HTTP/2 through a proxy. Http2SessionManager takes a socket at once, and a tunnel takes time: so every tunnel that
 * stands gets a manager of its own. (TLS over a stream that waits for the tunnel would need no manager, but HTTP/2
 * over such a stream ends short answers before Connect has read them: `Premature close`, in Node 26.10.)
 */
export class TunnelledSessions implements SessionManager {
  readonly authority: string;
  readonly #route: TunnelRoute;
  readonly #pings: PingOptions;
  readonly #closing = new AbortController();
  /** Those with a tunnel; older ones still finish their calls. */
  readonly #sessions = new Set<Session>();
  #newest: Session | null = null;
  #pending: Promise<Session> | null = null;

  constructor(route: TunnelRoute, pings: PingOptions) {
    this.authority = route.endpoint.origin;
    this.#route = route;
    this.#pings = pings;
  }

  async request(...request: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    for (let attempt = 1; ; attempt += 1) {
      const session = this.#newest?.ended === false ? this.#newest : await this.#open();
      try {
        return await session.manager.request(...request);
      } catch (error) {
        // The server had said goodbye, or the tunnel was dead: nothing of the call has left.
        if (!session.ended || attempt > 1) throw error;
      }
    }
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    for (const { manager } of this.#sessions) manager.notifyResponseByteRead(stream);
  }

  /** Ends the tunnels, and the calls in them. */
  abort(): void {
    this.#closing.abort();
    for (const { manager } of this.#sessions) manager.abort();
  }

  /** One tunnel for all who wait. */
  #open(): Promise<Session> {
    this.#pending ??= this.#begin().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #begin(): Promise<Session> {
    const socket = await openTunnel(this.#route, ['h2'], this.#closing.signal);
    if (this.#closing.signal.aborted) socket.destroy();
    let used = false;
    const createConnection = () => {
      if (used) {
        session.ended = true;
        throw new Error('the tunnel has ended');
      }
      used = true;
      return socket;
    };
    const manager = new Http2SessionManager(this.authority, this.#pings, { createConnection });
    const session: Session = { manager, ended: false };
    socket.once('close', () => {
      session.ended = true;
      this.#sessions.delete(session);
    });
    this.#sessions.add(session);
    this.#newest = session;
    return session;
  }
}
