import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { addressOf } from '../core/proxy.ts';
import { ConductorOneError } from './errors.ts';
import type { Route } from './route.ts';
import { tlsOptions } from './trust.ts';

/** A healthy server sets up TLS within a second; one that accepts a connection and stays silent never does. */
export const HANDSHAKE_MS = 10_000;

export interface TlsWishes {
  /** For ALPN, in order of preference. */
  readonly protocols: readonly string[];
  /** The socket to run TLS over; by default a new connection. */
  readonly over?: Socket | undefined;
  /** The error of the connection if TLS is not set up in time. */
  readonly late: ConductorOneError;
}

/**
 * Starts a TLS connection to the tenant of a route. The socket emits `secureConnect` when it is ready for use, and
 * fails with `late` if that takes longer than ten seconds.
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
  // After a failure further errors add nothing; before it, the user of the socket listens too.
  socket.on('error', () => {});
  return socket;
}

/**
 * Connects to the tenant of a route directly, and resolves once the connection is ready.
 * @throws ConductorOneError `Disconnected` after ten seconds; the error of the network or of TLS; the signal's reason
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

/** Waits until a connection is ready for use; closes it if it fails or the signal aborts. */
export async function whenSecure(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  try {
    await once(socket, 'secureConnect', { signal });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

/** Returns the server name for SNI; empty for IP addresses, which have none (RFC 6066 §3). */
export function serverNameOf(host: string): string {
  return isIP(host) === 0 ? host : '';
}
