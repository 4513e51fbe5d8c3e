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

/** `BENCH_SETTLED` lowers it for a quick look. */
const GRANTS = Number(process.env['BENCH_SETTLED'] ?? 10_000);
const EDITS = 50;
/** The first and the last request of an edit: a fresh read of the account. */
const LOOK = 'scimGetUser';
/** Spreads the edits over the whole resync instead of its first moment. */
const BETWEEN_EDITS_MS = 100;
const WRITES_SETTLE_MS = 10_000;

/**
 * Returns the seconds from the end of a sync until the process has decided every grant.
 * @param sync resolves when the process has read the directory
 */
export async function secondsToDecide(scrape: Scrape, sync: Promise<void>): Promise<number> {
  await sync;
  const began = performance.now();
  await until('every grant is decided', async () => (await scrape.sum('workqueue_depth')) === 0, 600_000, 50);
  return (performance.now() - began) / 1000;
}

/**
 * Returns the milliseconds from each edit to its first request, shortest first. Meanwhile the directory is read and all
 * grants are decided on it, over and over.
 * @param resync runs one such round
 */
export async function editDelays(
  client: KubernetesClient,
  sandbox: SandboxAddress,
  edited: readonly string[],
  resync: () => Promise<unknown>,
): Promise<number[]> {
  const delays: number[] = [];
  let running: Promise<void> | null = null;
  const resyncOnce = async () => {
    await resync();
    running = null;
  };
  for (const [i, email] of edited.entries()) {
    running ??= resyncOnce();
    const before = await asanaRequests(sandbox, LOOK);
    const looks = (count: number) =>
      until('Asana was asked', async () => (await asanaRequests(sandbox, LOOK)) >= before + count, 60_000, 5);
    const began = performance.now();
    await createGrants(client, [email], { from: 1_000_000 + i });
    await looks(1);
    delays.push(performance.now() - began);
    // Wait for the second read, which confirms the result, so that the next edit does not take it for its own.
    await looks(2);
    await sleep(BETWEEN_EDITS_MS);
  }
  await running;
  return delays.toSorted((a, b) => a - b);
}

/** Returns the smallest value that `share` of the sorted values do not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.POSITIVE_INFINITY;
}

/** Waits for lines of the operator's log. */
export interface LogWatch {
  readonly onLine: (line: string) => void;
  /** Resolves when the message has been logged `times` times from now on. */
  readonly next: (message: string, times?: number) => Promise<void>;
}

/** Returns a watch on lines of the operator's log. */
export function whenLogged(): LogWatch {
  const waiting = new Map<string, { left: number; readonly resolve: () => void }>();
  return {
    onLine: (line) => {
      for (const [message, wait] of waiting)
        if (line.includes(`"message":"${message}"`) && --wait.left === 0) wait.resolve();
    },
    next: (message, times = 1) => new Promise((resolve) => waiting.set(message, { left: times, resolve })),
  };
}

/** A restart with settled grants, and edits that overtake a resync of all of them. */
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
      await sleep(WRITES_SETTLE_MS);
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
      // Events, and grants that were being decided when the queue was empty.
      await sleep(WRITES_SETTLE_MS);
      const writesAfter = await rig.apiServerRequests();
      const writes =
        ourWrites(writesBefore, writesAfter, 'asanalicensegrants') +
        ourWrites(writesBefore, writesAfter, 'events');
      log(`${EDITS} edits while all of them are decided anew …`);
      const resync = async () => {
        const done = logged.next('sync ended');
        await request(client, 'connector', 'acme');
        await secondsToDecide(scrape, done);
      };
      const delays = await editDelays(client, sandbox, others, resync);
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
