import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A script that relays connections to 127.0.0.1; its accept queue has room for two. */
const RELAY = `
  const { connect, createServer } = require('node:net');
  const [host, port] = process.argv.slice(1);
  createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => { near.destroy(); far.destroy(); });
  }).listen({ host, port: Number(port), backlog: 1 }, () => console.log('ready'));`;
const QUEUED = 2;
const PATIENCE_MS = 60_000;
/** TCP_SYN_SENT in /proc/net/tcp: the first packet was sent and is not answered yet. */
const SYN_SENT = '02';

/**
 * An address of this machine that looks dead: the kernel drops the first packet of every connection, since the process
 * behind it accepts none. Once the process is woken, the packet that is sent again, a second later, gets through.
 */
export class SlowAddress {
  readonly host: string;
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #fillers: readonly Socket[];

  private constructor(host: string, port: number, process: ChildProcess, fillers: readonly Socket[]) {
    this.host = host;
    this.port = port;
    this.#process = process;
    this.#fillers = fillers;
  }

  /** @param port the port on this host, and the port on 127.0.0.1 that it leads to */
  static async start(host: string, port: number): Promise<SlowAddress> {
    const child = spawn(process.execPath, ['-e', RELAY, host, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!child.stdout) throw new Error('the relay has no output');
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const fillers = Array.from({ length: QUEUED }, () => connect(port, host));
    await Promise.all(fillers.map((filler) => once(filler, 'connect')));
    for (const filler of fillers) filler.on('error', () => {});
    return new SlowAddress(host, port, child, fillers);
  }

  /** Waits until connections are being tried, in vain so far. @returns their number */
  async untilTried(): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const tries = await this.#countTries();
      if (tries > 0) return tries;
      if (performance.now() > deadline) throw new Error(`nobody tried to connect with ${this.host}`);
      await sleep(20);
    }
  }

  /** Lets connections through from now on. */
  wake(): void {
    for (const filler of this.#fillers) filler.destroy();
    this.#process.kill('SIGCONT');
  }

  async close(): Promise<void> {
    for (const filler of this.#fillers) filler.destroy();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  async #countTries(): Promise<number> {
    const bytes = this.host.split('.').map(Number).toReversed();
    const address = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const remote = `${address}:${this.port.toString(16).padStart(4, '0')}`.toUpperCase();
    const tries = new RegExp(`^ *\\d+: \\S+ ${remote} ${SYN_SENT} `, 'gm');
    return [...(await readFile('/proc/net/tcp', 'utf8')).matchAll(tries)].length;
  }
}
