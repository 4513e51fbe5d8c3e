import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import type { SelfSigned } from './certificate.ts';

export interface ConnectProxyOptions {
  /** Handles a CONNECT instead of opening a tunnel, until `behave` is called. */
  readonly instead?: (socket: Duplex) => void;
  /** The number of tunnels to open before `instead` is used. */
  readonly after?: number;
  /** If set, the proxy speaks TLS to its clients. */
  readonly tls?: SelfSigned | undefined;
}

/** An HTTP proxy on loopback that opens tunnels. It resolves names, not its client: all lead to 127.0.0.1. */
export interface ConnectProxy {
  /** `127.0.0.1:port`, or `localhost:port` with TLS. */
  readonly host: string;
  readonly asked: { readonly target: string; readonly headers: IncomingHttpHeaders }[];
  /** Returns all bytes that went through the tunnels, in both directions. */
  readonly seen: () => string;
  /** Closes every open tunnel. */
  readonly cut: () => void;
  /** Makes the proxy open tunnels from now on. */
  readonly behave: () => void;
}

export async function startConnectProxy(
  t: TestContext,
  { instead, after = 0, tls }: ConnectProxyOptions = {},
): Promise<ConnectProxy> {
  let behaves = false;
  const asked: ConnectProxy['asked'] = [];
  const chunks: Buffer[] = [];
  const sockets = new Set<Duplex>();
  const server = tls ? createSecureServer({ key: tls.key, cert: tls.certificate }) : createServer();
  server.on('connect', ({ url = '', headers }, socket: Duplex, head: Buffer) => {
    asked.push({ target: url, headers });
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (instead && !behaves && asked.length > after) instead(socket);
    else openTunnel(socket, head, Number(url.split(':').at(-1)), (chunk) => chunks.push(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => sockets.forEach((socket) => socket.destroy());
  t.after(async () => {
    cut();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `${tls ? 'localhost' : '127.0.0.1'}:${port}`,
    asked,
    seen: () => Buffer.concat(chunks).toString('latin1'),
    cut,
    behave: () => {
      behaves = true;
    },
  };
}

function openTunnel(client: Duplex, head: Buffer, port: number, see: (chunk: Buffer) => void): void {
  const server: Socket = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    server.write(head);
    client.on('data', see).pipe(server);
    server.on('data', see).pipe(client);
  });
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy()).on('error', () => {});
}
