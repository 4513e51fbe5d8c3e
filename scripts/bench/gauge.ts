import type { ChildProcess } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** Resident memory now, and its peak since the start. */
export interface Resident {
  readonly miB: number;
  readonly peakMiB: number;
}

/** Reads the resident memory of the operator, which answers SIGUSR2 on standard error (collect.mjs). */
export class Gauge {
  #answer: ((resident: Resident) => void) | null = null;

  readonly onLine = (line: string): void => {
    const match = /^RSS (\d+) (\d+)$/.exec(line);
    if (match) this.#answer?.({ miB: Number(match[1]) / 2 ** 20, peakMiB: Number(match[2]) / 2 ** 20 });
  };

  /** Returns the resident memory after a forced garbage collection. */
  read(child: ChildProcess): Promise<Resident> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      child.kill('SIGUSR2');
    });
  }
}

/** Reads the metrics of an operator that was started with `flags`. */
export class Scrape {
  readonly flags: readonly string[];
  readonly #url: string;

  private constructor(port: number) {
    this.flags = ['--metrics-bind-address', `127.0.0.1:${port}`];
    this.#url = `http://127.0.0.1:${port}/metrics`;
  }

  /** Chooses a port that is free now. */
  static async open(): Promise<Scrape> {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return new Scrape(port);
  }

  /** Returns the sum of all series of a metric. */
  async sum(metric: string): Promise<number> {
    const text = await (await fetch(this.#url)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`asana_connector_${metric}`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
