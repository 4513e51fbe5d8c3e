import { connect, type Socket } from 'node:net';
import type { Fault } from '../fault.ts';
import { Story } from '../story.ts';
import { isList, isWatch, relent, strike } from '../strike.ts';

/** Longer than a probe may take, and shorter than the renew deadline of the lease. */
const HANG_MS = 6_000;
/** Above the bound for a silent watch, 300 s. */
const JUMP_MS = 301_000;

const hungLoop: Fault = {
  name: 'hung-event-loop',
  group: 'probes',
  standsFor: ['R25'],
  what: 'The event loop is blocked for 6 s',
  holds: '`/livez` does not answer in time, so the probe fails. Afterwards, the operator continues.',
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    world.operator.suffer({ do: 'hang', ms: HANG_MS });
    let unanswered = 0;
    await world.expectSoon('/livez gets no answer', async () => {
      if ((await world.operator.probe('/livez')) === null) unanswered += 1;
      return unanswered > 1;
    });
    await story.edit();
    await world.expectSoon(
      '/livez agrees again',
      async () => (await world.operator.probe('/livez'))?.status === 200,
    );
    await story.end();
    return { fired: unanswered, checks: world.checks };
  },
};

const deadWatch: Fault = {
  name: 'dead-watch',
  group: 'probes',
  standsFor: ['R1'],
  what: 'Lists and watches get no answer for more than 300 s (the clock of the process is set forward)',
  holds:
    '`watch_last_contact_seconds` rises, `/livez` fails and names the kind, and `/readyz` fails. When the API server answers again, they recover.',
  async run(worlds) {
    const world = await worlds.open({
      // With such a clock the lease would expire, and the process would end before its probe is asked.
      flags: ['--no-leader-elect'],
      setting: { timers: { 150_000: 3_000, 60_000: 3_000 } },
    });
    const story = await Story.begin(world);
    strike(world, { on: (asked) => isWatch(asked) || isList(asked), fault: { kind: 'silence' } });
    world.proxy.resetAll();
    await world.expectSoon('the fault hit a watch of each kind', () => world.proxy.fired >= 5);
    world.operator.suffer({ do: 'jump', ms: JUMP_MS });
    await world.expectSoon('/livez fails and names the kind', async () => {
      const answer = await world.operator.probe('/livez');
      return answer?.status === 503 && /no watch message for Asana\w+ for \d+ s/.test(answer.body);
    });
    world.expect('/readyz fails too', (await world.operator.probe('/readyz'))?.status === 503);
    const silent = await world.operator.metric('watch_last_contact_seconds', { kind: 'AsanaLicenseGrant' });
    world.expect(`watch_last_contact_seconds says ${Math.round(silent)} s`, silent > 300);
    const { fired } = world.proxy;
    await story.edit();
    relent(world);
    await story.end();
    await world.expectSoon(
      '/livez agrees again',
      async () => (await world.operator.probe('/livez'))?.status === 200,
    );
    return { fired, checks: world.checks };
  },
};

/** More than the servers accept at the same time. */
const CONNECTIONS = 200;
const FLOOD_PIPELINE = 20;

/** Floods a port: a third of the connections ask without end, a third are silent, a third ask for unknown paths. */
function flood(port: number): { readonly answers: () => number; readonly end: () => void } {
  let answers = 0;
  let ended = false;
  const sockets = new Set<Socket>();
  const open = (i: number): void => {
    if (ended) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    const path = i % 3 === 1 ? `/${'x'.repeat(6_000)}` : ['/metrics', '/livez'][i % 2];
    const ask = () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.on('error', () => {});
    socket.on('connect', () => {
      if (i % 3 !== 2) for (let n = 0; n < FLOOD_PIPELINE; n += 1) ask();
    });
    socket.on('data', () => {
      answers += 1;
      ask();
    });
    socket.on('close', () => {
      sockets.delete(socket);
      // Turned away at once because there are too many: retry a moment later.
      setTimeout(() => open(i), 100);
    });
  };
  for (let i = 0; i < CONNECTIONS; i += 1) open(i);
  return {
    answers: () => answers,
    end: () => {
      ended = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

const floods: Fault = {
  name: 'flooded-ports',
  group: 'probes',
  standsFor: ['R26'],
  what: 'The metrics port and the probe port are each flooded over 200 connections, with requests, silence and long paths',
  holds:
    'Each edit is carried out during the flood, the leader keeps the lease, and the probes answer afterwards.',
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    const { metricsPort, healthPort } = world.operator;
    const under = [flood(metricsPort), flood(healthPort)];
    worlds.atEnd(async () => under.forEach(({ end }) => end()));
    await world.expectSoon('both ports answer the flood', () =>
      under.every(({ answers }) => answers() > 500),
    );
    await story.edit();
    await world.untilGone('leaves');
    await world.untilReason('comes', 'Granted');
    world.expect('the edits were carried out meanwhile', story.taken().length === 2, () => story.taken());
    for (const { end } of under) end();
    await world.expectSoon(
      '/livez answers',
      async () => (await world.operator.probe('/livez'))?.status === 200,
    );
    await story.end();
    world.expect('the process still leads', (await world.operator.metric('leader')) === 1);
    return { fired: under.reduce((sum, { answers }) => sum + answers(), 0), checks: world.checks };
  },
};

export const probeFaults: readonly Fault[] = [hungLoop, deadWatch, floods];
