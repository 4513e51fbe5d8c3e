import type { TLSSocket } from 'node:tls';
import type { Route } from './route.ts';
import { connectDirectly } from './tls-connection.ts';
import { openTunnel } from './tunnel.ts';

/**
 * A TLS connection with the tenant of a route, through its proxy where it has one, ready to be used.
 * @param protocols for ALPN, by preference
 * @throws ConductorOneError `Disconnected`; the error of the network or of TLS; the reason of the signal
 */
export function connectTenant(
  route: Route,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { proxy } = route;
  return proxy
    ? openTunnel({ ...route, proxy }, protocols, signal)
    : connectDirectly(route, protocols, signal);
}
