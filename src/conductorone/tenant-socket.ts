import type { TLSSocket } from 'node:tls';
import type { Route } from './route.ts';
import { connectDirectly } from './tls-connection.ts';
import { openTunnel } from './tunnel.ts';

/**
 * Opens a TLS connection to the tenant of a route, through the proxy if there is one, and resolves once it is ready.
 * @param protocols for ALPN, in order of preference
 * @throws ConductorOneError `Disconnected`; the error of the network or of TLS; the signal's reason
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
