import { TcpRelay } from '../../kubernetes/tcp-relay.ts';
import type { Fault } from '../fault.ts';
import { SlowAddress } from '../slow-address.ts';
import { Story } from '../story.ts';
import type { World, WorldOptions } from '../world.ts';

const SLOW = '127.0.0.2';
const DEAD = '127.0.0.3';

/** A connector in ConductorOne's service mode, with provisioning enabled. */
export const serviceMode = { conductorOne: { secretRef: { name: 'token' }, provision: true } };

/** One of the three services that the operator talks to. */
interface Service {
  readonly name: string;
  readonly called: string;
  readonly portOf: (world: World) => number;
  readonly options: WorldOptions;
  /** Returns the number of failures to reach it that the operator reports. */
  readonly failures: (world: World) => Promise<number>;
}

const linesWith = (world: World, pattern: RegExp) =>
  world.operator.lines.filter((line) => pattern.test(line)).length;

const services: readonly Service[] = [
  {
    name: 'asana',
    called: 'Asana',
    portOf: ({ sandbox }) => Number(new URL(sandbox.asanaUrl).port),
    options: { asanaHost: 'localhost' },
    failures: async (world) =>
      (await world.operator.metric('asana_requests_total', { code: 'failed' })) +
      (await world.operator.metric('asana_requests_total', { code: 'timeout' })),
  },
  {
    name: 'api-server',
    called: 'the API server',
    portOf: ({ proxy }) => proxy.port,
    options: { apiServerHost: 'localhost' },
    failures: async (world) => linesWith(world, /watch interrupted|lease not renewed/),
  },
  {
    name: 'conductorone',
    called: 'ConductorOne',
    portOf: ({ sandbox }) => Number(new URL(sandbox.conductorOne.url).port),
    options: { connector: serviceMode },
    failures: async (world) => linesWith(world, /ConductorOne cannot be reached/),
  },
];

const twoAddresses = services.map(
  ({ name, called, portOf, options, failures }): Fault => ({
    name: `two-addresses-${name}`,
    group: 'network',
    standsFor: ['R11'],
    isShort: name === 'asana',
    what: `The host name of ${called} has two addresses: the first answers only after a second packet, sent one second later; the second does not answer`,
    holds: 'It is reached without a failed request.',
    async run(worlds) {
      const addresses = { localhost: [SLOW, DEAD] };
      const world = await worlds.open({ ...options, begins: false, setting: { addresses } });
      const port = portOf(world);
      const [slow, dead] = await Promise.all([SlowAddress.start(SLOW, port), SlowAddress.start(DEAD, port)]);
      worlds.atEnd(() => slow.close());
      worlds.atEnd(() => dead.close());
      const beginning = world.begin();
      const fired = await slow.untilTried();
      slow.wake();
      await beginning;
      const story = await Story.begin(world);
      await story.edit();
      await story.end();
      if (options.connector === serviceMode)
        world.expect(
          'a task of ConductorOne is carried out',
          (await world.carryOutTask({ type: 'syncFull' })) === 'OK',
        );
      const failed = await failures(world);
      world.expect('no request failed', failed === 0, () => failed);
      return { fired, checks: world.checks };
    },
  }),
);

const onlyIpv6: Fault = {
  name: 'ipv6-only',
  group: 'network',
  standsFor: ['R11'],
  what: 'The API server, Asana and ConductorOne have only an IPv6 address',
  holds: 'All three are reached.',
  async run(worlds) {
    const world = await worlds.open({
      begins: false,
      connector: serviceMode,
      apiServerHost: '[::1]',
      asanaHost: 'localhost',
      setting: { addresses: { localhost: ['::1'] } },
    });
    const relays = await Promise.all(
      services.map(({ portOf }) => TcpRelay.start(`tcp://127.0.0.1:${portOf(world)}`, '::1', portOf(world))),
    );
    for (const relay of relays) worlds.atEnd(() => relay.close());
    await world.begin();
    const story = await Story.begin(world);
    await story.edit();
    await story.end();
    world.expect(
      'a task of ConductorOne is carried out',
      (await world.carryOutTask({ type: 'syncFull' })) === 'OK',
    );
    const connections = relays.map((relay) => relay.connections);
    world.expect(
      `each was reached over IPv6 (${connections.join(', ')} connections)`,
      Math.min(...connections) > 0,
    );
    return { fired: Math.min(...connections), checks: world.checks };
  },
};

export const networkFaults: readonly Fault[] = [...twoAddresses, onlyIpv6];
