import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import type { SelfSigned } from './certificate.ts';

export interface ConnectProxyOptions {
  /** Answers a CONNECT by hand instead of opening a tunnel, until it is told to behave. */
  readonly instead?: (socket: Duplex) => void;
  /** So many tunnels are opened first. */
  readonly after?: number;
  /** Speaks TLS to its clients. */
  readonly tls?: SelfSigned | undefined;
}

/** An HTTP proxy on loopback that opens tunnels. Every name leads to 127.0.0.1: the proxy resolves names, not its client. */
export interface ConnectProxy {
  /** `127.0.0.1:port`, or localhost under TLS. */
  readonly host: string;
  readonly asked: { readonly target: string; readonly headers: IncomingHttpHeaders }[];
  /** What has gone through the tunnels, both ways. */
  readonly seen: () => string;
  /** Cuts every open tunnel. */
  readonly cut: () => void;
  /** From now on it opens tunnels. */
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
