import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import {
  asanaRequests,
  createConnector,
  createGrants,
  grants as grantResource,
  peopleHolding,
  Rig,
  request,
  until,
  untilConnected,
} from './rig.ts';

/** What an edit asks Asana first: the account, read afresh. */
const FIRST_REQUEST = 'scimGetUser';
const EVENTS_SETTLE_MS = 10_000;

/** Writes about our kinds and their events, not the lease and not what the benchmark itself creates. */
export function ourWrites(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  resource: string,
): number {
  let writes = 0;
  for (const [key, count] of after) {
    const [verb = '', name = ''] = key.split(' ');
    const wrote = ['PATCH', 'APPLY', 'PUT', 'POST', 'UPDATE', 'CREATE'].includes(verb);
    if (wrote && name.split('/')[0] === resource) writes += count - (before.get(key) ?? 0);
  }
  return writes;
}

/** How many grants are Ready, by listing them all. */
async function countReady(client: Awaited<ReturnType<Rig['controlPlane']>>): Promise<number> {
  let ready = 0;
  let next = '';
  do {
    const page = await client.list<{ status?: { conditions?: { type: string; status: string }[] } }>(
      grantResource,
      'bench',
      { limit: 500, next },
    );
    for (const { status } of page.items) {
      if (status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'))
        ready += 1;
    }
    next = page.next;
  } while (next !== '');
  return ready;
}

async function measure(count: number, patienceS: number, log: (line: string) => void): Promise<Figure[]> {
  const rig = new Rig();
  try {
    const client = await rig.controlPlane();
    const sandbox = await rig.sandbox({ accounts: count * 4, teams: 5 });
    const emails = await peopleHolding(sandbox, 'view only', count);
    if (emails.length < count) throw new Error(`the sandbox has only ${emails.length} view-only people`);
    await rig.operator(sandbox.asanaUrl, []);
    await createConnector(client, sandbox);
    await untilConnected(client);
    const [writesBefore, requestsBefore] = [await rig.apiServerRequests(), await asanaRequests(sandbox)];
    log(`${count} grants …`);
    const began = performance.now();
    await createGrants(client, emails);
    await until(
      `${count} grants are Ready`,
      async () => (await countReady(client)) === count,
      1_200_000,
      500,
    );
    const seconds = (performance.now() - began) / 1000;
    // Events are written behind everything else: they count too.
    await sleep(EVENTS_SETTLE_MS);
    const writesAfter = await rig.apiServerRequests();
    const writes =
      ourWrites(writesBefore, writesAfter, 'asanalicensegrants') -
      count +
      ourWrites(writesBefore, writesAfter, 'events');
    const requests = (await asanaRequests(sandbox)) - requestsBefore;
    const figures = [
      atMost(`${count} new grants, creating them included, all Ready in`, seconds, patienceS, 's'),
      atMost('API-server writes a grant, its Event included', writes / count, 4, 'writes', 2),
      atMost('Asana requests a grant', requests / count, 3, 'requests', 2),
    ];
    return figures;
  } finally {
    await rig.close();
  }
}

export const newGrants: Benchmark = {
  name: 'grants',
  about: '1,000 new grants, no latency, budget lifted',
  run: (log) => measure(1_000, 30, log),
};

export const manyNewGrants: Benchmark = {
  name: 'many-grants',
  about: '10,000 new grants, no latency, budget lifted',
  run: (log) => measure(10_000, 300, log),
};

/** A person's edit overtakes a resync of everything. */
export const edit: Benchmark = {
  name: 'edit',
  about: 'an edit during a resync of 10,000 grants',
  async run(log): Promise<Figure[]> {
    const GRANTS = 10_000;
    const EDITS = 50;
    const rig = new Rig();
    try {
      const client = await rig.controlPlane();
      const sandbox = await rig.sandbox({ accounts: GRANTS * 3, teams: 5 });
      const holders = await peopleHolding(sandbox, 'enterprise', GRANTS);
      const others = await peopleHolding(sandbox, 'view only', EDITS);
      await rig.operator(sandbox.asanaUrl, []);
      await createConnector(client, sandbox);
      await untilConnected(client);
      log(`${holders.length} grants are adopted first …`);
      await createGrants(client, holders);
      await until(
        'all are Ready',
        async () => (await countReady(client)) === holders.length,
        1_200_000,
        1_000,
      );
      log(`${EDITS} edits while all of them are decided anew …`);
      const delays: number[] = [];
      for (const [i, email] of others.entries()) {
        if (i % 10 === 0) await request(client, 'connector', 'acme');
        const seen = await asanaRequests(sandbox, FIRST_REQUEST);
        const began = performance.now();
        await createGrants(client, [email], 1_000_000 + i);
        await until(
          'its first request',
          async () => (await asanaRequests(sandbox, FIRST_REQUEST)) > seen,
          60_000,
          10,
        );
        delays.push(performance.now() - began);
      }
      delays.sort((a, b) => a - b);
      const p99 = delays[Math.ceil(delays.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
      return [atMost('from the edit to its first request, p99', p99 / 1000, 1, 's', 2)];
    } finally {
      await rig.close();
    }
  },
};
