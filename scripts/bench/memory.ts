import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import {
  createConnector,
  createGrants,
  grants as grantResource,
  peopleHolding,
  Rig,
  readConnector,
  until,
  untilConnected,
} from './rig.ts';

/** Reads the resident memory of the operator, which answers SIGUSR2 on standard error. */
class Gauge {
  #answer: ((miB: number) => void) | null = null;

  readonly onLine = (line: string): void => {
    const match = /^RSS (\d+)$/.exec(line);
    if (match) this.#answer?.(Number(match[1]) / 2 ** 20);
  };

  read(child: ChildProcess): Promise<number> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      child.kill('SIGUSR2');
    });
  }
}

/** Memory of the bundle, idle and full. */
export const memory: Benchmark = {
  name: 'memory',
  about: 'RSS of the bundle after a forced collection',
  async run(log): Promise<Figure[]> {
    const SIZE = 10_000;
    const rig = new Rig();
    const gauge = new Gauge();
    try {
      const client = await rig.controlPlane();
      const sandbox = await rig.sandbox({ accounts: SIZE, teams: 10 });
      const operator = await rig.operator(sandbox.asanaUrl, [], gauge.onLine);
      await sleep(5_000);
      const idle = await gauge.read(operator);
      await createConnector(client, sandbox);
      await untilConnected(client);
      await sleep(2_000);
      const accounts = await gauge.read(operator);
      log(`${SIZE} grants …`);
      const holders = await peopleHolding(sandbox, 'enterprise', SIZE);
      const others = await peopleHolding(sandbox, 'view only', SIZE - holders.length);
      const emails = [...holders, ...others];
      // Whoever is left over is declared a second time: a grant in conflict is an object like any other.
      while (emails.length < SIZE) emails.push(...emails.slice(0, SIZE - emails.length));
      await createGrants(client, emails);
      await until(
        'every grant has a status',
        async () => (await countWithStatus(client)) === SIZE,
        1_200_000,
        1_000,
      );
      await sleep(8_000);
      const full = await gauge.read(operator);
      log(
        `slope: ${((accounts - idle) / (SIZE / 1000)).toFixed(2)} MiB per 1,000 accounts, ${((full - accounts) / (SIZE / 1000)).toFixed(2)} MiB per 1,000 grants`,
      );
      return [
        atMost('idle', idle, 110, 'MiB'),
        atMost(`${SIZE} accounts and ${SIZE} grants`, full, 200, 'MiB'),
      ];
    } finally {
      await rig.close();
    }
  },
};

async function countWithStatus(client: Awaited<ReturnType<Rig['controlPlane']>>): Promise<number> {
  let count = 0;
  let next = '';
  do {
    const page = await client.list<{ status?: { conditions?: unknown } }>(grantResource, 'bench', {
      limit: 500,
      next,
    });
    count += page.items.filter(({ status }) => status?.conditions).length;
    next = page.next;
  } while (next !== '');
  return count;
}

/** From the start of the process to its first status write, with the lease free. */
export const startUp: Benchmark = {
  name: 'start',
  about: 'start to first status write, lease free',
  async run(): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const client = await rig.controlPlane();
      const sandbox = await rig.sandbox({ accounts: 100, teams: 5 });
      await createConnector(client, sandbox);
      // The first start builds the bundle; only the second is measured.
      const warm = await rig.operator(sandbox.asanaUrl, []);
      await untilConnected(client);
      const ended = new Promise((resolve) => warm.once('exit', resolve));
      warm.kill('SIGTERM');
      await ended;
      const object = await readConnector(client);
      const began = performance.now();
      await rig.operator(sandbox.asanaUrl, []);
      await until(
        'a status write',
        async () =>
          (await readConnector(client))?.metadata.resourceVersion !== object?.metadata.resourceVersion,
        30_000,
        10,
      );
      return [atMost('start to first status write', (performance.now() - began) / 1000, 2, 's', 2)];
    } finally {
      await rig.close();
    }
  },
};
