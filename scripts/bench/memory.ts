import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Benchmark, type Figure, told } from './figure.ts';
import { Gauge } from './gauge.ts';
import {
  createConnector,
  createGrants,
  isTold,
  peopleHolding,
  readConnector,
  untilConnected,
  watchGrants,
} from './objects.ts';
import { Rig, until } from './rig.ts';

/** Memory of the bundle, idle and with all grants. */
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
      const { miB: idle } = await gauge.read(operator);
      await createConnector(client, sandbox);
      await untilConnected(client);
      await sleep(2_000);
      const { miB: accounts } = await gauge.read(operator);
      log(`${SIZE} grants …`);
      const holders = await peopleHolding(sandbox, 'enterprise', SIZE);
      const others = await peopleHolding(sandbox, 'view only', SIZE - holders.length);
      const emails = [...holders, ...others];
      // If there are too few people, some are declared a second time: a grant in conflict is an object like any other.
      while (emails.length < SIZE) emails.push(...emails.slice(0, SIZE - emails.length));
      const seen = watchGrants(client, SIZE, isTold);
      await createGrants(client, emails);
      await seen;
      await sleep(8_000);
      const { miB: full } = await gauge.read(operator);
      return [
        atMost('idle', idle, 100, 'MiB'),
        atMost(`${SIZE} accounts and ${SIZE} grants`, full, 160, 'MiB'),
        told('slope per 1,000 accounts', (accounts - idle) / (SIZE / 1000), 'MiB'),
        told('slope per 1,000 grants', (full - accounts) / (SIZE / 1000), 'MiB'),
      ];
    } finally {
      await rig.close();
    }
  },
};

/** Time from the start of the process to its first status write, with the lease free. */
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
      // Times in a status are whole seconds: a sync within the same second would leave the status unchanged.
      await sleep(1_000);
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
