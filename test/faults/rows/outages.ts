import { setTimeout as sleep } from 'node:timers/promises';
import { TcpRelay } from '../../kubernetes/tcp-relay.ts';
import { conditionOf } from '../../operator/cluster-objects.ts';
import type { Fault } from '../fault.ts';
import { Story } from '../story.ts';
import { relent, strike } from '../strike.ts';
import type { World } from '../world.ts';
import { serviceMode } from './network.ts';

const HOLDS = 'Afterwards, each edit is carried out once, and the final state is that of an undisturbed run.';

/** The length of an outage that the operator survives without a restart. */
const SHORT_MS = 6_000;
/** Keeps a short outage on a busy machine from costing the leader its lease. */
const PATIENT_LEADER = ['--leader-election-lease-duration', '60s', '--leader-election-renew-deadline', '45s'];
/** Long enough for every backoff to have grown. */
const LONG_MS = 25_000;
/** Asana's window, and the share the operator may plan: more than a story needs, yet a limit. */
const REQUESTS_PER_MINUTE = 600;
const PLANNED_PERCENT = 70;

/** Starts a relay in front of a service, on the same port of another loopback address. */
async function relayTo(port: number, host: string): Promise<TcpRelay> {
  return TcpRelay.start(`tcp://127.0.0.1:${port}`, host, port);
}

/** Starts another process, as the kubelet would, when one has ended itself. @returns how many ended */
async function keepRunning(world: World, ms: number): Promise<number> {
  let ended = 0;
  for (const until = performance.now() + ms; performance.now() < until; await sleep(250)) {
    if (world.operator.isRunning) continue;
    ended += 1;
    await world.startOperator();
  }
  return ended;
}

const apiServerShortly: Fault = {
  name: 'outage-api-server',
  group: 'outage',
  standsFor: ['R28', 'R1'],
  what: 'The API server is unreachable for 6 s, during which edits are made that the operator cannot see',
  holds: HOLDS,
  async run(worlds) {
    const world = await worlds.open({ flags: PATIENT_LEADER });
    const story = await Story.begin(world);
    strike(world, { on: () => true, fault: { kind: 'reset' } });
    world.proxy.resetAll();
    await story.edit();
    await sleep(SHORT_MS);
    world.expect('nothing was changed without a look at the API server', story.sent().length === 0);
    relent(world);
    await story.end();
    world.expect('the process is the same, and leads', (await world.operator.metric('leader')) === 1);
    return { fired: world.proxy.fired, checks: world.checks };
  },
};

const apiServerForLong: Fault = {
  name: 'outage-api-server-long',
  group: 'outage',
  standsFor: ['R28', 'R5'],
  what: 'The API server is unreachable for 25 s, which is longer than the renew deadline of the lease',
  holds: `The leader exits by itself, and nothing is changed meanwhile. ${HOLDS}`,
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    strike(world, { on: () => true, fault: { kind: 'reset' } });
    world.proxy.resetAll();
    await story.edit();
    const ended = await keepRunning(world, LONG_MS);
    world.expect('the process that led ended by itself', ended > 0);
    world.expect('nothing was changed meanwhile', story.sent().length === 0);
    relent(world);
    if (!world.operator.isRunning) await world.startOperator();
    await story.end({ patienceMs: 120_000 });
    return { fired: world.proxy.fired, checks: world.checks };
  },
};

const asana: Fault = {
  name: 'outage-asana',
  group: 'outage',
  standsFor: ['R28', 'R11'],
  what: 'Asana is unreachable for 25 s, during which edits are made and a sync is requested',
  holds: `${HOLDS} No budget is exceeded.`,
  async run(worlds) {
    const world = await worlds.open({
      asanaHost: '127.0.0.2',
      begins: false,
      sandbox: { requestsPerMinute: REQUESTS_PER_MINUTE },
      flags: [
        '--asana-requests-per-minute',
        String(REQUESTS_PER_MINUTE),
        '--asana-budget-percent',
        String(PLANNED_PERCENT),
      ],
    });
    const relay = await relayTo(Number(new URL(world.sandbox.asanaUrl).port), '127.0.0.2');
    worlds.atEnd(() => relay.close());
    await world.begin();
    const story = await Story.begin(world);
    relay.goAway();
    await story.edit();
    await world.patchConnector({ metadata: { annotations: { 'asana-connector.dev/requestedAt': 'away' } } });
    await world.expectSoon(
      'the connector says that it is not synced',
      async () => conditionOf(await world.connector(), 'Synced')?.status === 'False',
    );
    await sleep(LONG_MS);
    world.expect(
      '/livez agrees: it is not the operator that is ill',
      (await world.operator.probe('/livez'))?.status === 200,
    );
    relay.comeBack();
    await story.end({ patienceMs: 150_000 });
    const { requests } = world.sandbox;
    const throttled = requests.since(0).filter(({ status }) => status === 429).length;
    world.expect('Asana never had to say 429', throttled === 0, () => throttled);
    return { fired: relay.refused, checks: world.checks };
  },
};

const conductorOne: Fault = {
  name: 'outage-conductorone',
  group: 'outage',
  standsFor: ['R28'],
  what: 'ConductorOne is unreachable for 25 s, during which tasks are ordered there and grants are edited',
  holds: 'The grants are not affected. Afterwards, the waiting tasks are carried out in order, once each.',
  async run(worlds) {
    const world = await worlds.open({
      begins: false,
      connector: serviceMode,
      sandbox: { conductorOneSettings: { nextPollMs: 100 } },
      setting: { addresses: { localhost: ['127.0.0.2'] } },
    });
    const relay = await relayTo(Number(new URL(world.sandbox.conductorOne.url).port), '127.0.0.2');
    worlds.atEnd(() => relay.close());
    await world.begin();
    const story = await Story.begin(world);
    world.expect(
      'a sync task is carried out before',
      (await world.carryOutTask({ type: 'syncFull' })) === 'OK',
    );
    relay.goAway();
    const bob = 'bob@acme.example';
    const revoking = await world.orderTask({ type: 'revoke', entitlement: 'enterprise', user: bob });
    const granting = await world.orderTask({ type: 'grant', entitlement: 'enterprise', user: bob });
    await world.expectSoon('the connector says that ConductorOne is away', async () => {
      const connected = conditionOf(await world.connector(), 'ConductorOneConnected');
      return connected?.status === 'False';
    });
    await story.edit();
    await story.end();
    await sleep(LONG_MS);
    relay.comeBack();
    const codes = [await world.untilTaskEnds(revoking), await world.untilTaskEnds(granting)];
    world.expect(
      'both tasks ended well',
      codes.every((code) => code === 'OK'),
      () => codes,
    );
    world.expect('each changed Asana once', story.taken().length === 4, () => story.taken());
    return { fired: relay.refused, checks: world.checks };
  },
};

const dns: Fault = {
  name: 'outage-dns',
  group: 'outage',
  standsFor: ['R28', 'R11'],
  what: 'No host name can be resolved for at least 6 s and the connections to the API server are reset; edits are made meanwhile',
  holds: HOLDS,
  async run(worlds) {
    const world = await worlds.open({
      begins: false,
      connector: serviceMode,
      apiServerHost: 'localhost',
      asanaHost: 'localhost',
      flags: PATIENT_LEADER,
      setting: { addresses: { localhost: ['127.0.0.1'] } },
    });
    await world.begin();
    const story = await Story.begin(world);
    world.operator.suffer({ do: 'resolve', works: false });
    world.proxy.resetAll();
    await story.edit();
    await world.expectSoon('names were asked for in vain', () => world.operator.unresolved > 0);
    await sleep(SHORT_MS);
    world.operator.suffer({ do: 'resolve', works: true });
    await story.end({ patienceMs: 120_000 });
    world.expect(
      'a task of ConductorOne is carried out',
      (await world.carryOutTask({ type: 'syncFull' })) === 'OK',
    );
    return { fired: world.operator.unresolved, checks: world.checks };
  },
};

export const outages: readonly Fault[] = [apiServerShortly, apiServerForLong, asana, conductorOne, dns];
