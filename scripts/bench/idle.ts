import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Figure } from './figure.ts';
import { ourWrites } from './grants.ts';
import {
  createConnector,
  createGrants,
  peopleHolding,
  readConnector,
  request,
  untilConnected,
} from './objects.ts';
import { asanaRequests, Rig, until } from './rig.ts';

/** Ten minutes, long enough for ten syncs; `BENCH_IDLE_SECONDS` shortens it for a quick look. */
const IDLE_SECONDS = Number(process.env['BENCH_IDLE_SECONDS'] ?? 600);

/** The operator's writes and requests while nothing changes. */
export const idle: Benchmark = {
  name: 'idle',
  about: `${IDLE_SECONDS} s of no change, sync.interval 1m`,
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const client = await rig.controlPlane();
      const sandbox = await rig.sandbox({ accounts: 300, teams: 10 });
      await rig.operator(sandbox.asanaUrl, []);
      await createConnector(client, sandbox);
      const connector = await readConnector(client);
      if (!connector) throw new Error('the connector is not there');
      await client.mergePatch(
        {
          group: 'asana-connector.dev',
          version: 'v1alpha1',
          plural: 'asanaconnectors',
          kind: 'AsanaConnector',
        },
        'bench',
        'acme',
        { spec: { sync: { interval: '1m' } } },
        'bench',
      );
      await untilConnected(client);
      await createGrants(client, await peopleHolding(sandbox, 'enterprise', 50));
      await request(client, 'connector', 'acme');
      await sleep(20_000);
      const perSync = (await readConnector(client))?.status?.sync?.requests ?? 0;
      const [writesBefore, requestsBefore] = [await rig.apiServerRequests(), await asanaRequests(sandbox)];
      log(`waiting ${IDLE_SECONDS} s …`);
      let syncs = 0;
      let last = (await readConnector(client))?.status?.sync?.completedAt;
      const deadline = performance.now() + IDLE_SECONDS * 1000;
      await until(
        'the time has passed',
        async () => {
          const now = (await readConnector(client))?.status?.sync?.completedAt;
          if (now !== last) {
            syncs += 1;
            log(`${syncs} syncs, ${Math.round((deadline - performance.now()) / 1000)} s to go`);
          }
          last = now;
          return performance.now() > deadline;
        },
        (IDLE_SECONDS + 60) * 1000,
        500,
      );
      const writesAfter = await rig.apiServerRequests();
      const of = (resource: string) => ourWrites(writesBefore, writesAfter, resource);
      const requests = (await asanaRequests(sandbox)) - requestsBefore;
      const exactly = (what: string, measured: number, bound: number): Figure => ({
        what,
        measured: String(measured),
        bound: `= ${bound}`,
        holds: measured === bound,
      });
      return [
        exactly('writes to grants', of('asanalicensegrants'), 0),
        exactly('writes of events', of('events'), 0),
        exactly(`writes to the connector, ${syncs} syncs`, of('asanaconnectors'), syncs),
        {
          what: 'requests to Asana',
          measured: String(requests),
          bound: `= ${syncs} × ${perSync}`,
          holds: requests === syncs * perSync,
        },
      ];
    } finally {
      await rig.close();
    }
  },
};
