import { type ClientRequest, type IncomingMessage, request as requestOverTcp } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { codeOf } from '../core/errors.ts';
import { addressOf, type Proxy } from '../core/proxy.ts';
import { version } from '../core/version.ts';
import { ConductorOneError } from './errors.ts';
import type { Endpoint } from './hosts.ts';
import type { Route } from './route.ts';
import { beginTls, HANDSHAKE_MS, serverNameOf, whenSecure } from './tls-connection.ts';
import { tlsOptions } from './trust.ts';

/** A route through a proxy. */
export interface TunnelRoute extends Route {
  readonly proxy: Proxy;
}

/** grpc-go's limit for a connection; shorter than any call's limit, so that the call can report the cause. */
const TUNNEL_MS = 20_000;

/**
 * Opens a TLS connection to ConductorOne in a tunnel of the proxy (CONNECT, RFC 9110 §9.3.6).
 * @param protocols for ALPN, in order of preference
 * @throws ConductorOneError `Disconnected`, after at most 20 seconds, if the proxy fails; the TLS error if the
 * certificate is not trusted; the signal's reason
 */
export async function openTunnel(
  route: TunnelRoute,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<TLSSocket> {
  const deadline = new AbortController();
  const cancel = route.clock.schedule(TUNNEL_MS, () =>
    deadline.abort(
      failure(
        route,
        `no connection after ${TUNNEL_MS / 1000} s. Check that the proxy works and can reach that host.`,
      ),
    ),
  );
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    return await secure(await askProxy(route, either), route, protocols, either);
  } catch (error) {
    either.throwIfAborted();
    throw error;
  } finally {
    cancel();
  }
}

async function secure(
  tunnel: Socket,
  route: TunnelRoute,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<TLSSocket> {
  const late = failure(
    route,
    `it opens a tunnel, but the TLS handshake in it did not finish within ${HANDSHAKE_MS / 1000} s. Check that the proxy can reach that host.`,
  );
  const socket = beginTls(route, { protocols, over: tunnel, late });
  try {
    await whenSecure(socket, signal);
    return socket;
  } catch (error) {
    tunnel.destroy();
    throw explainHandshake(error, route);
  }
}

function askProxy(route: TunnelRoute, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = connectRequest(route, signal);
    // Emitted for any status.
    request.once('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
      const refusal = explainAnswer(response.statusCode ?? 0, head, route);
      if (refusal === null) {
        resolve(socket);
        return;
      }
      socket.on('error', () => {}).destroy();
      reject(failure(route, refusal));
    });
    request.on('error', (error) =>
      reject(error instanceof ConductorOneError ? error : failure(route, explainSilence(error))),
    );
    if (route.proxy.secure) limitHandshake(request, route);
    request.end();
  });
}

function limitHandshake(request: ClientRequest, route: TunnelRoute): void {
  const late = failure(
    route,
    `the TLS handshake with the proxy did not finish within ${HANDSHAKE_MS / 1000} s. Check that it uses TLS on this port; otherwise use http:// in ${route.proxy.variable}.`,
  );
  const cancel = route.clock.schedule(HANDSHAKE_MS, () => request.destroy(late));
  request.once('socket', (socket) => socket.once('secureConnect', cancel)).once('close', cancel);
}

function connectRequest({ endpoint, proxy, trust }: TunnelRoute, signal: AbortSignal): ClientRequest {
  const authority = authorityOf(endpoint);
  const options = {
    host: proxy.host,
    port: proxy.port,
    method: 'CONNECT',
    path: authority,
    // A connection for the tunnel alone, through no further proxy.
    agent: false as const,
    headers: {
      host: authority,
      'user-agent': `asana-connector/${version}`,
      ...(proxy.authorization ? { 'proxy-authorization': proxy.authorization.reveal() } : {}),
    },
    signal,
  };
  if (!proxy.secure) return requestOverTcp(options);
  // Set explicitly, because Node would use the host header as the server name.
  const servername = serverNameOf(proxy.host);
  return requestOverTls({ ...options, ...tlsOptions(trust), servername });
}

function authorityOf(endpoint: Endpoint): string {
  const { host, port } = addressOf(endpoint);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Explains a refusal; `null` if the tunnel is open. A TLS server never speaks first: early data is the proxy's own. */
function explainAnswer(status: number, head: Buffer, { proxy, endpoint }: TunnelRoute): string | null {
  if (status >= 200 && status <= 299) return head.length === 0 ? null : SIGN_IN;
  if (status === 407) {
    return proxy.authorization
      ? `it rejects the user and password (407). Correct them in ${proxy.variable}.`
      : `it requires a user and password (407). Add them to ${proxy.variable}, as in http://user:password@proxy:3128.`;
  }
  return status >= 500
    ? `it cannot open a connection (${status}). Check that the proxy works, resolves the name and is allowed to connect.`
    : `it rejects the connection (${status}). Allow CONNECT to ${authorityOf(endpoint)} in the proxy, or add the host to NO_PROXY.`;
}

const SIGN_IN = 'it responds itself, without TLS. Check whether it requires a sign-in.';

/** Uses only the code: an error of the HTTP parser contains what the proxy sent. */
function explainSilence(error: Error): string {
  const code = codeOf(error) ?? 'unknown';
  if (code.startsWith('HPE_')) return `its response is not HTTP (${code}). Check that it is an HTTP proxy.`;
  if (code === 'ECONNRESET') return 'it closes the connection without a response. Check its log.';
  return `the proxy itself is not reachable (${code}). Check its address, that it runs, and, for https, that its certificate is trusted.`;
}

/** Explains a failed handshake; keeps certificate errors, which concern ConductorOne or a proxy that opens TLS. */
function explainHandshake(error: unknown, route: TunnelRoute): unknown {
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return failure(
      route,
      'it opens a tunnel and closes it before the TLS handshake finishes. Check that it allows that host.',
    );
  }
  return code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER' ? failure(route, SIGN_IN) : error;
}

/** Returns an error that names the proxy and its variable, but no credentials and nothing that the proxy sent. */
function failure({ proxy, endpoint }: TunnelRoute, reason: string): ConductorOneError {
  return new ConductorOneError(
    'Disconnected',
    `The proxy ${proxy.host}:${proxy.port} (${proxy.variable}) does not connect to ${endpoint.host}: ${reason} The connection is retried.`,
  );
}
