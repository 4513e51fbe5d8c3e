import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { SandboxAddress } from '../sandbox-control.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import { Scrape } from './gauge.ts';
import { ourWrites } from './grants.ts';
import {
  createConnector,
  createGrants,
  isReady,
  peopleHolding,
  request,
  untilConnected,
  watchGrants,
} from './objects.ts';
import { asanaRequests, Rig, until } from './rig.ts';

/** `BENCH_SETTLED` makes it smaller, for a look. */
const GRANTS = Number(process.env['BENCH_SETTLED'] ?? 10_000);
const EDITS = 50;
/** What an edit asks Asana first: the account, read afresh. */
const FIRST_REQUEST = 'scimGetUser';
const COUNTS_SETTLE_MS = 10_000;
const QUEUE = 'name="asanalicensegrant"';

/**
 * Seconds from the first reading of a new process until it has decided every grant.
 * @param sync tells when the process has read the directory
 */
export async function secondsToDecide(scrape: Scrape, sync: Promise<void>): Promise<number> {
  await sync;
  const began = performance.now();
  await until(
    'every grant is decided',
    async () => (await scrape.sum('workqueue_depth', QUEUE)) === 0,
    600_000,
    100,
  );
  return (performance.now() - began) / 1000;
}

/** Milliseconds from each edit to its first request, shortest first, while all grants are decided anew. */
export async function editDelays(
  client: KubernetesClient,
  sandbox: SandboxAddress,
  edited: readonly string[],
): Promise<number[]> {
  const delays: number[] = [];
  for (const [i, email] of edited.entries()) {
    if (i % 10 === 0) await request(client, 'connector', 'acme');
    const seen = await asanaRequests(sandbox, FIRST_REQUEST);
    const began = performance.now();
    await createGrants(client, [email], { from: 1_000_000 + i });
    await until(
      'its first request',
      async () => (await asanaRequests(sandbox, FIRST_REQUEST)) > seen,
      60_000,
      5,
    );
    delays.push(performance.now() - began);
  }
  return delays.toSorted((a, b) => a - b);
}

/** The value that so large a share of the sorted values does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.POSITIVE_INFINITY;
}

/** What happens once to a line of the operator's log. */
export function whenLogged(): { onLine: (line: string) => void; next: (message: string) => Promise<void> } {
  const waiting = new Map<string, () => void>();
  return {
    onLine: (line) => {
      for (const [message, resolve] of waiting) if (line.includes(`"message":"${message}"`)) resolve();
    },
    next: (message) => new Promise((resolve) => waiting.set(message, resolve)),
  };
}

/** A restart among settled grants, and a person's edit that overtakes a resync of all of them. */
export const settled: Benchmark = {
  name: 'settled',
  about: `${GRANTS.toLocaleString('en')} settled grants: a restart, and edits during a resync`,
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    try {
      const client = await rig.controlPlane();
      const sandbox = await rig.sandbox({ accounts: GRANTS * 3, teams: 5 });
      const holders = await peopleHolding(sandbox, 'enterprise', GRANTS);
      const others = await peopleHolding(sandbox, 'view only', EDITS);
      const first = await rig.operator(sandbox.asanaUrl, []);
      await createConnector(client, sandbox);
      await untilConnected(client);
      log(`${holders.length} grants are adopted first …`);
      const ready = watchGrants(client, holders.length, isReady);
      await createGrants(client, holders);
      await ready;
      // The counts of the last grants are written some seconds later.
      await sleep(COUNTS_SETTLE_MS);
      const ended = once(first, 'exit');
      first.kill('SIGTERM');
      await ended;
      log('a restart …');
      const writesBefore = await rig.apiServerRequests();
      const scrape = await Scrape.open();
      const logged = whenLogged();
      const read = logged.next('sync ended');
      await rig.operator(sandbox.asanaUrl, scrape.flags, logged.onLine);
      const restart = await secondsToDecide(scrape, read);
      const writesAfter = await rig.apiServerRequests();
      const writes =
        ourWrites(writesBefore, writesAfter, 'asanalicensegrants') +
        ourWrites(writesBefore, writesAfter, 'events');
      log(`${EDITS} edits while all of them are decided anew …`);
      const delays = await editDelays(client, sandbox, others);
      return [
        atMost('from the first reading to the last decision', restart, 10, 's'),
        atMost('writes to grants and of events', writes, 0, 'writes', 0),
        atMost('from the edit to its first request, p99', percentile(delays, 0.99) / 1000, 0.3, 's', 2),
      ];
    } finally {
      await rig.close();
    }
  },
};
