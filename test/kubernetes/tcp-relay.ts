import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../src/sandbox/reset-socket.ts';

/** Passes bytes on to a server and back without looking into them (TLS stays whole), and counts connections. */
export class TcpRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;
  /** Connections that were turned away. */
  refused = 0;
  #away = false;

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      this.connections += 1;
      if (this.#away) {
        this.refused += 1;
        near.on('error', () => {}).resetAndDestroy();
        return;
      }
      const far = connect({ host: target.hostname, port: Number(target.port) });
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (bytes) => {
          to.write(bytes);
        });
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  /** @param port by default any that is free */
  static async start(target: string, host = '127.0.0.1', port = 0): Promise<TcpRelay> {
    const relay = new TcpRelay(new URL(target));
    await new Promise<void>((resolve) => relay.#server.listen(port, host, resolve));
    return relay;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections open now, both sides counted as one. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  /** From now on nothing gets through and nobody is told: a cable that was pulled. New connections are not affected. */
  pullTheCable(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').resume();
  }

  /** The server is away: connections are reset, and new ones turned away. */
  goAway(): void {
    this.#away = true;
    for (const socket of this.#sockets) resetSocket(socket);
  }

  /** The server is there again. */
  comeBack(): void {
    this.#away = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
