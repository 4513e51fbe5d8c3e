import { type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { GrpcTransportOptions } from '@connectrpc/connect-node';
import type { Route } from './route.ts';
import { Session } from './session.ts';
import { connectTenant } from './tenant-socket.ts';

type SessionManager = NonNullable<GrpcTransportOptions['sessionManager']>;

/**
 * How long a call waits in silence before a ping. A grpc-go server accepts one ping every five minutes and closes the
 * connection at the third early one; the extra ten seconds allow for network delay.
 */
const PING_AFTER_MS = 310_000;

/**
 * The HTTP/2 connections to a tenant, one after another: a new one is opened when the last takes no further calls.
 * (Connect's own Http2SessionManager needs its socket at once, but a tunnel takes time to open; it pings idle
 * connections, and tests cannot control its clock.)
 */
export class Sessions implements SessionManager {
  readonly authority: string;
  readonly #route: Route;
  readonly #closing = new AbortController();
  /** The newest connection, and older ones whose calls have not ended. */
  readonly #sessions = new Set<Session>();
  #newest: Session | null = null;
  #pending: Promise<Session> | null = null;
  #pingAfterMs = PING_AFTER_MS;

  constructor(route: Route) {
    this.authority = route.endpoint.origin;
    this.#route = route;
  }

  async request(method: string, path: string, headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream> {
    for (let attempt = 1; ; attempt += 1) {
      const session = this.#newest?.usable ? this.#newest : await this.#open();
      try {
        return session.request({ ...headers, ':method': method, ':path': path });
      } catch (error) {
        // The server has just closed the connection: nothing of the call was sent.
        if (session.usable || attempt > 1) throw error;
      }
    }
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    for (const session of this.#sessions) session.notice(stream);
  }

  /** Closes the connections and ends the calls on them. */
  abort(): void {
    this.#closing.abort();
    for (const session of this.#sessions) session.abort();
  }

  /** Opens a connection; concurrent callers share it. */
  #open(): Promise<Session> {
    this.#pending ??= this.#connect().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #connect(): Promise<Session> {
    const { signal } = this.#closing;
    const socket = await connectTenant(this.#route, ['h2'], signal);
    if (signal.aborted) socket.destroy();
    signal.throwIfAborted();
    const session = new Session(connect(this.authority, { createConnection: () => socket }), {
      clock: this.#route.clock,
      pingAfterMs: () => this.#pingAfterMs,
      // As specified in gRPC proposal A8.
      onTooManyPings: () => {
        this.#pingAfterMs *= 2;
      },
      onClose: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    this.#newest = session;
    return session;
  }
}
