import type { Arrival, Fault as ProxyFault } from '../../kubernetes/faulty-proxy.ts';
import type { Fault, Seen, Worlds } from '../fault.ts';
import { Story } from '../story.ts';
import {
  type Asked,
  isList,
  isOfGrants,
  isOurs,
  isWatch,
  isWrite,
  strike,
  WATCHED_KINDS,
} from '../strike.ts';
import type { World, WorldOptions } from '../world.ts';

/** client-go's first backoff, which the reflector uses too. Jitter only adds to it. */
const SHORTEST_PAUSE_MS = 800;
/** Times from two processes are not compared to the millisecond. */
const TOLERANCE_MS = 20;

interface ApiFault extends Pick<Fault, 'name' | 'what' | 'isShort' | 'standsFor'> {
  readonly on: (asked: Asked) => boolean;
  readonly fault: ProxyFault;
  readonly times: number;
  /** The reflector's shortest wait after each; undefined if the watch ends without a failure. */
  readonly pauseMs?: number;
  /** Lists that may follow each; a broken stream needs none. */
  readonly listsEach?: number;
  readonly world?: WorldOptions;
}

const HOLDS =
  'The operator recovers by itself and pauses after each failure. No deletion is missed, each edit changes Asana once, and no unnecessary lists are sent.';

/** Faults of watches, open ones and new ones. */
const watches: readonly ApiFault[] = [
  {
    name: 'watch-reset',
    what: `${2 * WATCHED_KINDS} watch requests are reset`,
    standsFor: ['R1'],
    isShort: true,
    on: isWatch,
    fault: { kind: 'reset' },
    times: 2 * WATCHED_KINDS,
    pauseMs: SHORTEST_PAUSE_MS,
  },
  {
    name: 'watch-torn',
    what: 'Two watches are cut in the middle of an object',
    standsFor: ['R1', 'R2'],
    on: (asked) => isWatch(asked) && isOfGrants(asked),
    fault: { kind: 'tear' },
    times: 2,
  },
  ...(
    [
      [401, 1],
      [403, 1],
      [410, 1],
      [429, 0],
      [500, 0],
      [503, 0],
    ] as const
  ).map(([status, listsEach]) => ({
    name: `watch-${status}`,
    what: `${2 * WATCHED_KINDS} watch requests are answered with ${status}${status === 429 ? ' and `Retry-After: 2`' : ''}`,
    standsFor: status === 410 ? ['R2'] : ['R1'],
    on: isWatch,
    fault: { kind: 'answer' as const, status, ...(status === 429 ? { retryAfter: 2 } : {}) },
    times: 2 * WATCHED_KINDS,
    pauseMs: status === 429 ? 2_000 : SHORTEST_PAUSE_MS,
    listsEach,
  })),
  ...(
    [
      [410, 'Expired'],
      [500, 'InternalError'],
    ] as const
  ).map(([code, reason]) => ({
    name: `watch-error-event-${code}`,
    what: `${2 * WATCHED_KINDS} watches deliver an ERROR event with code ${code}`,
    standsFor: ['R2'],
    on: isWatch,
    fault: {
      kind: 'line' as const,
      line: JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code, reason } }),
    },
    times: 2 * WATCHED_KINDS,
    pauseMs: SHORTEST_PAUSE_MS,
    listsEach: code === 410 ? 1 : 0,
  })),
  {
    name: 'watch-nonsense',
    what: `${WATCHED_KINDS} watches deliver a line that is not valid JSON`,
    standsFor: ['R2'],
    on: isWatch,
    fault: { kind: 'line', line: '{"type":"MODIFIED"' },
    times: WATCHED_KINDS,
    pauseMs: SHORTEST_PAUSE_MS,
    listsEach: 1,
  },
  {
    name: 'watch-delayed',
    what: `${WATCHED_KINDS} watches start two seconds late`,
    standsFor: ['R1', 'R3'],
    on: isWatch,
    fault: { kind: 'delay', ms: 2_000 },
    times: WATCHED_KINDS,
  },
  {
    name: 'watch-short',
    what: 'The API server ends each watch after one second',
    standsFor: ['R1'],
    on: isWatch,
    fault: { kind: 'shorten', seconds: 1 },
    times: 8 * WATCHED_KINDS,
  },
  {
    name: 'watch-half-open',
    what: `${WATCHED_KINDS} watches receive nothing more and no error (half-open TCP); the timeout of 150 s is shortened to 5 s`,
    standsFor: ['R1'],
    on: isWatch,
    fault: { kind: 'freeze' },
    times: WATCHED_KINDS,
    // Most kinds have no events, so with such a short bound their watches go silent by themselves too.
    listsEach: 4,
    world: { setting: { timers: { 150_000: 5_000 } } },
  },
];

/** Faults of all other requests about our objects. */
const requests: readonly ApiFault[] = [
  ...(
    [
      ['reset', { kind: 'reset' }],
      ['lost', { kind: 'lose' }],
      ['delayed', { kind: 'delay', ms: 1_500 }],
      ['401', { kind: 'answer', status: 401 }],
      ['409', { kind: 'answer', status: 409 }],
      ['429', { kind: 'answer', status: 429, retryAfter: 1 }],
      ['500', { kind: 'answer', status: 500 }],
      ['503', { kind: 'answer', status: 503 }],
    ] as const satisfies readonly (readonly [string, ProxyFault])[]
  ).map(([word, fault]) => ({
    name: `write-${word}`,
    what:
      {
        reset: 'The first six writes of status and finalizers are reset before they arrive',
        lost: 'The first six writes of status and finalizers are carried out, but their answers are lost',
        delayed: 'The first six writes of status and finalizers arrive 1.5 s late',
      }[word as string] ?? `The first six writes of status and finalizers are answered with ${word}`,
    standsFor: word === '409' ? ['R4'] : ['R1'],
    on: isWrite,
    fault,
    times: 6,
  })),
  {
    name: 'connection-closed',
    what: 'The API server closes the connection after each answer, which is how HTTP/1.1 does GOAWAY',
    standsFor: ['R1'],
    on: (asked) => isOurs(asked) && !isWatch(asked),
    fault: { kind: 'close' },
    times: 30,
  },
];

async function runLive(worlds: Worlds, row: ApiFault): Promise<Seen> {
  const world = await worlds.open(row.world);
  const story = await Story.begin(world);
  const from = world.proxy.arrivals.length;
  strike(world, row);
  // Watches are long: the open ones are reset, so that there are new ones to strike.
  if (row.on === isWatch || row.fault.kind === 'tear') world.proxy.resetAll();
  await story.edit();
  await untilSpent(world, row, from);
  await story.end();
  expectPauses(world, row, from);
  const lists = world.arrivals(isList, from).length;
  const most = world.proxy.fired * (row.listsEach ?? 0);
  world.expect(`${lists} lists, no more than the fault makes necessary`, lists <= most, () => ({
    lists,
    most,
  }));
  return { fired: world.proxy.fired, checks: world.checks };
}

/** Waits until the fault is used up. The story itself uses up a fault of writes; each watch has to come twice. */
async function untilSpent(world: World, { on, fault, times }: ApiFault, from: number): Promise<void> {
  if (fault.kind === 'close' || on === isWrite) return;
  const struck = () => world.arrivals(({ fault: kind }) => kind !== null, from).length;
  await world.expectSoon(`the fault hit ${times} requests`, () => struck() >= times, { detail: struck });
}

/** Checks that after each failure of a watch, the next request for that kind waits at least as long as the backoff. */
function expectPauses(world: World, { pauseMs }: ApiFault, from: number): void {
  if (pauseMs === undefined) return;
  const asks = world.arrivals((arrival) => isWatch(arrival) || isList(arrival), from);
  const kindOf = ({ url }: Arrival) => url.split('?')[0];
  const pauses = asks.flatMap((arrival, i) => {
    const next = asks.slice(i + 1).find((other) => kindOf(other) === kindOf(arrival));
    return arrival.fault !== null && next ? [next.at - arrival.at] : [];
  });
  const shortest = Math.min(...pauses);
  world.expect(
    `at least ${pauseMs} ms between a failure and the next try (the shortest: ${Math.round(shortest)} ms)`,
    pauses.length > 0 && shortest >= pauseMs - TOLERANCE_MS,
    () => pauses,
  );
}

export const apiServerFaults: readonly Fault[] = [...watches, ...requests].map(
  (row): Fault => ({
    name: row.name,
    group: 'API server',
    standsFor: row.standsFor,
    isShort: row.isShort ?? false,
    what: row.what,
    holds: HOLDS,
    run: (worlds) => runLive(worlds, row),
  }),
);
