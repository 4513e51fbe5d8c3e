import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { addressOf } from '../core/proxy.ts';
import { ConductorOneError } from './errors.ts';
import type { Route } from './route.ts';
import { tlsOptions } from './trust.ts';

/** A server that is well sets TLS up within a second; one that takes a connection and says nothing never does. */
export const HANDSHAKE_MS = 10_000;

export interface TlsWishes {
  /** For ALPN, by preference. */
  readonly protocols: readonly string[];
  /** What to speak TLS over; a new connection where there is none. */
  readonly over?: Socket | undefined;
  /** What the connection fails with when TLS is not set up in time. */
  readonly late: ConductorOneError;
}

/**
 * Begins a TLS connection with the tenant of a route. It emits `secureConnect` when it may be used, and fails with
 * `late` when that takes longer than ten seconds.
 */
export function beginTls(route: Route, { protocols, over, late }: TlsWishes): TLSSocket {
  const { host, port } = addressOf(route.endpoint);
  const socket = connect({
    ...tlsOptions(route.trust),
    ...(over ? { socket: over } : { port }),
    host,
    servername: serverNameOf(host),
    ALPNProtocols: [...protocols],
  });
  const cancel = route.clock.schedule(HANDSHAKE_MS, () => socket.destroy(late));
  socket.once('secureConnect', cancel).once('close', cancel);
  // What comes once it has failed tells nothing new; while it lives, its user listens too.
  socket.on('error', () => {});
  return socket;
}

/**
 * The direct way to the tenant of a route, ready to be used.
 * @throws ConductorOneError `Disconnected` after ten seconds; the error of the network or of TLS; the reason of the
 * signal
 */
export async function connectDirectly(
  route: Route,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { host } = route.endpoint;
  const late = new ConductorOneError(
    'Disconnected',
    `No TLS connection to ${host} after ${HANDSHAKE_MS / 1000} s. Check that the network and its firewalls allow the connection, or set HTTPS_PROXY to the URL of a proxy. The connection is retried.`,
  );
  const socket = beginTls(route, { protocols, late });
  await whenSecure(socket, signal);
  return socket;
}

/** Waits until a connection may be used; one that fails, or is not waited for any more, is closed. */
export async function whenSecure(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, 'secureConnect', { signal });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

/** Addresses have none (RFC 6066 §3). */
export function serverNameOf(host: string): string {
  return isIP(host) === 0 ? host : '';
}
