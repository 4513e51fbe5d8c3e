import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../src/sandbox/reset-socket.ts';

/** Forwards bytes between clients and a server without reading them (TLS is kept), and counts connections. */
export class TcpRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  connections = 0;
  /** The number of rejected connections. */
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

  /** @param port default any free port */
  static async start(target: string, host = '127.0.0.1', port = 0): Promise<TcpRelay> {
    const relay = new TcpRelay(new URL(target));
    await new Promise<void>((resolve) => relay.#server.listen(port, host, resolve));
    return relay;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The number of open connections; both sides count as one. */
  get open(): number {
    return this.#sockets.size / 2;
  }

  /** Drops all data on the open connections without closing them, like a pulled cable. New connections work. */
  pullTheCable(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').resume();
  }

  /** Simulates an absent server: resets connections, and rejects new ones. */
  goAway(): void {
    this.#away = true;
    for (const socket of this.#sockets) resetSocket(socket);
  }

  /** Ends the simulated absence. */
  comeBack(): void {
    this.#away = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
