import { type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { GrpcTransportOptions } from '@connectrpc/connect-node';
import type { Route } from './route.ts';
import { Session } from './session.ts';
import { connectTenant } from './tenant-socket.ts';

type SessionManager = NonNullable<GrpcTransportOptions['sessionManager']>;

/**
 * How long a call waits in silence before a ping. A gRPC server of Go's takes one in five minutes and ends the
 * connection at the third that comes sooner; the ten seconds are for what the network takes.
 */
const PING_AFTER_MS = 310_000;

/**
 * The HTTP/2 connections with a tenant, one after the other: a new one is made when the last takes no further call.
 * (Connect's own Http2SessionManager takes a socket at once, where a tunnel takes time, pings idle connections, and
 * has no clock that a test could move.)
 */
export class Sessions implements SessionManager {
  readonly authority: string;
  readonly #route: Route;
  readonly #closing = new AbortController();
  /** The newest, and older ones whose calls have not ended. */
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
        // The server has just said goodbye: nothing of the call has left.
        if (session.usable || attempt > 1) throw error;
      }
    }
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    for (const session of this.#sessions) session.notice(stream);
  }

  /** Ends the connections, and the calls on them. */
  abort(): void {
    this.#closing.abort();
    for (const session of this.#sessions) session.abort();
  }

  /** One connection for all who wait. */
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
      // As gRPC's proposal A8 has it.
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
