import type { Fault as ProxyFault } from '../../kubernetes/faulty-proxy.ts';
import type { Fault, Seen, Worlds } from '../fault.ts';
import { Story } from '../story.ts';
import { isLease, isList, strike, WATCHED_KINDS } from '../strike.ts';

/** Faults of the first lists of a new process. */
const lists = (
  [
    ['reset', { kind: 'reset' }],
    ['cut', { kind: 'tear' }],
    ['delayed', { kind: 'delay', ms: 1_500 }],
    ['401', { kind: 'answer', status: 401 }],
    ['410', { kind: 'answer', status: 410 }],
    ['429', { kind: 'answer', status: 429, retryAfter: 1 }],
    ['500', { kind: 'answer', status: 500 }],
    ['503', { kind: 'answer', status: 503 }],
  ] as const satisfies readonly (readonly [string, ProxyFault])[]
).map(
  ([word, fault]): Fault => ({
    name: `list-${word}`,
    group: 'API server',
    standsFor: word === '410' ? ['R2'] : ['R1'],
    what:
      {
        reset: `The first ${2 * WATCHED_KINDS} lists of a new process are reset`,
        cut: `The first ${2 * WATCHED_KINDS} lists of a new process are cut in the middle of the answer`,
        delayed: `The first ${2 * WATCHED_KINDS} lists of a new process arrive 1.5 s late`,
      }[word as string] ?? `The first ${2 * WATCHED_KINDS} lists of a new process are answered with ${word}`,
    holds:
      'The process becomes ready only after every kind was listed completely, and then carries out each edit once. It sends at most one list for each failure and one for each kind.',
    run: (worlds) => runAtStart(worlds, fault),
  }),
);

async function runAtStart(worlds: Worlds, fault: ProxyFault): Promise<Seen> {
  const world = await worlds.open();
  const story = await Story.begin(world);
  await world.operator.end('SIGTERM');
  await story.edit();
  const from = world.proxy.arrivals.length;
  const times = 2 * WATCHED_KINDS;
  strike(world, { on: isList, fault, times });
  await world.startOperator();
  await world.expectSoon('/readyz refuses while the first lists are not read', async () => {
    const answer = await world.operator.probe('/readyz');
    return answer?.status === 503 && answer.body.includes('[-]caches');
  });
  await story.end();
  const asked = world.arrivals(isList, from).length;
  const most = times + WATCHED_KINDS;
  world.expect(`${asked} lists, no more than the fault makes necessary`, asked <= most, () => asked);
  world.expect('/readyz agrees', (await world.operator.probe('/readyz'))?.status === 200);
  return { fired: world.proxy.fired, checks: world.checks };
}

/** Faults of the lease that last less than the renew deadline of 10 s. */
const leases = (
  [
    ['reset', { kind: 'reset' }],
    ['401', { kind: 'answer', status: 401 }],
    ['409', { kind: 'answer', status: 409 }],
    ['500', { kind: 'answer', status: 500 }],
  ] as const satisfies readonly (readonly [string, ProxyFault])[]
).map(
  ([word, fault]): Fault => ({
    name: `lease-${word}`,
    group: 'API server',
    standsFor: ['R1', 'R5'],
    what:
      word === 'reset'
        ? 'Three attempts to renew the lease are reset'
        : `Three attempts to renew the lease are answered with ${word}`,
    holds: 'The leader keeps the lease and continues to act.',
    async run(worlds) {
      const world = await worlds.open();
      const story = await Story.begin(world);
      strike(world, { on: isLease, fault, times: 3 });
      await story.edit();
      await world.expectSoon('the fault hit 3 requests', () => world.proxy.fired >= 3);
      await story.end();
      const renewals = () => world.arrivals((asked) => isLease(asked) && asked.method === 'PUT').length;
      const before = renewals();
      await world.expectSoon('the lease is renewed again', () => renewals() > before);
      world.expect('the process still leads', (await world.operator.metric('leader')) === 1);
      world.expect('/livez agrees', (await world.operator.probe('/livez'))?.status === 200);
      return { fired: world.proxy.fired, checks: world.checks };
    },
  }),
);

export const listAndLeaseFaults: readonly Fault[] = [...lists, ...leases];
