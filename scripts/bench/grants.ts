import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { SandboxAddress } from '../sandbox-control.ts';
import { atMost, type Benchmark, type Figure, told } from './figure.ts';
import {
  createConnector,
  createGrants,
  grantName,
  isReady,
  peopleHolding,
  peopleOf,
  untilConnected,
  watchGrants,
} from './objects.ts';
import { asanaRequests, Rig } from './rig.ts';

const EVENTS_SETTLE_MS = 10_000;
/** The most time the operator may take, as a multiple of the bare loop's. */
const MOST_OF_FLOOR = 1.3;

/** Returns the writes of a resource between two counts. Includes what the benchmark itself creates. */
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

/** Returns the seconds that the bare loop takes for `count` grants. */
async function measureFloor(
  rig: Rig,
  client: KubernetesClient,
  sandbox: SandboxAddress,
  count: number,
): Promise<number> {
  const namespace = 'floor';
  await rig.namespace(namespace);
  // These people already hold the license that the loop asks for, so nothing changes; the work is the same.
  const people = (await peopleOf(sandbox)).filter(
    ({ active, license }) => active && license === 'enterprise',
  );
  const personAt = (index: number) => people[index % people.length];
  const loop = rig.bareLoop(sandbox, namespace);
  const began = performance.now();
  const ready = watchGrants(client, count, isReady, { namespace });
  const emails = Array.from({ length: count }, (_, index) => `floor-${index}@acme.example`);
  await createGrants(client, emails, {
    namespace,
    onCreated: (index) => loop.stdin?.write(`${grantName(index)} ${personAt(index)?.gid}\n`),
  });
  loop.stdin?.end();
  await ready;
  const seconds = (performance.now() - began) / 1000;
  if (loop.exitCode === null) await once(loop, 'exit');
  return seconds;
}

async function measure(count: number, log: (line: string) => void): Promise<Figure[]> {
  const rig = new Rig();
  try {
    const client = await rig.controlPlane();
    const sandbox = await rig.sandbox({ accounts: count * 4, teams: 5 });
    const emails = await peopleHolding(sandbox, 'view only', count);
    if (emails.length < count) throw new Error(`the sandbox has only ${emails.length} view-only people`);
    log(`${count} grants by a bare loop …`);
    const floor = await measureFloor(rig, client, sandbox, count);
    await rig.operator(sandbox.asanaUrl, ['--namespace', 'bench']);
    await createConnector(client, sandbox);
    await untilConnected(client);
    const [writesBefore, requestsBefore] = [await rig.apiServerRequests(), await asanaRequests(sandbox)];
    log(`${count} grants by the operator …`);
    const began = performance.now();
    const ready = watchGrants(client, count, isReady);
    await createGrants(client, emails);
    await ready;
    const seconds = (performance.now() - began) / 1000;
    // Events are written after everything else, and count too.
    await sleep(EVENTS_SETTLE_MS);
    const writesAfter = await rig.apiServerRequests();
    const writes =
      ourWrites(writesBefore, writesAfter, 'asanalicensegrants') -
      count +
      ourWrites(writesBefore, writesAfter, 'events');
    const requests = (await asanaRequests(sandbox)) - requestsBefore;
    return [
      told(`${count} new grants, creating them included, all Ready in`, seconds, 's'),
      told('the same by a bare loop', floor, 's'),
      atMost('as a ratio to the bare loop', seconds / floor, MOST_OF_FLOOR, '×', 2),
      atMost('API-server writes a grant, its Event included', writes / count, 4, 'writes', 2),
      atMost('Asana requests a grant', requests / count, 3, 'requests', 2),
    ];
  } finally {
    await rig.close();
  }
}

export const newGrants: Benchmark = {
  name: 'grants',
  about: '1,000 new grants, no latency, budget lifted',
  run: (log) => measure(1_000, log),
};

export const manyNewGrants: Benchmark = {
  name: 'many-grants',
  about: '10,000 new grants, no latency, budget lifted',
  run: (log) => measure(10_000, log),
};
