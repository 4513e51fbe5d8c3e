import { askControl, userPath } from '../../../scripts/sandbox-control.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import { conditionOf } from '../../operator/cluster-objects.ts';
import type { Fault } from '../fault.ts';
import { Story } from '../story.ts';
import type { World } from '../world.ts';

const group = 'Asana: listings';

const put = (world: World, email: string, change: Record<string, unknown>) =>
  askControl(world.sandbox, 'PUT', userPath(email), change);

/** Would end the string of a SCIM filter, and match everybody. */
const FILTER = 'x"or"userName"pr@acme.example';
const SHOUTED = 'MIXED.Case+tag@ACME.example';
const QUOTED = "o'brien@acme.example";
const ODD = [SHOUTED, QUOTED];

const oddAddresses: Fault = {
  name: 'people-odd-addresses',
  group,
  standsFor: ['R15'],
  what: 'Addresses in Asana contain capitals, an apostrophe and a plus; the address of one grant would change a SCIM filter',
  holds: 'Only the intended people are found. The API server rejects the address that would change a filter.',
  async run(worlds) {
    const world = await worlds.open();
    await Story.begin(world);
    for (const email of ODD) await put(world, email, { name: 'Odd', license: 'view only' });
    await world.sync();
    const mark = world.sandbox.requests.last;
    await world.createGrant('shouted', SHOUTED.toLowerCase());
    await world.createGrant('quoted', QUOTED);
    const refused = await world.createGrant('filter', FILTER).then(
      () => null,
      (error: unknown) => error,
    );
    world.expect('the API server refuses a filter for an address', refused instanceof KubernetesError);
    await world.expectReason('shouted', 'Granted');
    await world.expectReason('quoted', 'Granted');
    world.expect('two were changed', world.writesSince(mark).length === 2, () => world.writesSince(mark));
    for (const email of ODD) {
      const { license } = await askControl<{ license: string }>(world.sandbox, 'GET', userPath(email));
      world.expect(`one is ${email}`, license === 'enterprise', () => license);
    }
    return { fired: ODD.length, checks: world.checks };
  },
};

const unknownLicense: Fault = {
  name: 'people-unknown-license',
  group,
  standsFor: ['R16'],
  what: 'Asana shows an unknown license for a person who is to get another one',
  holds: 'The grant reports that it is not granted, and the license is not changed.',
  async run(worlds) {
    const world = await worlds.open();
    await Story.begin(world);
    const carol = 'carol@acme.example';
    await askControl(world.sandbox, 'PATCH', userPath(carol), { license: 'platinum' });
    await world.sync();
    const mark = world.sandbox.requests.last;
    await world.createGrant('comes', carol);
    await world.expectSoon('the grant says why it is not Granted', async () => {
      const grant = await world.grant('comes');
      const reason = conditionOf(grant, 'Ready')?.reason ?? 'Granted';
      return grant?.status?.observedGeneration === 1 && !['Granted', 'Progressing'].includes(reason);
    });
    await world.sync();
    world.expect('nothing was changed', world.writesSince(mark).length === 0, () => world.writesSince(mark));
    const { license } = await askControl<{ license: string }>(world.sandbox, 'GET', userPath(carol));
    return { fired: license === 'platinum' ? 1 : 0, checks: world.checks };
  },
};

const shrunken: Fault = {
  name: 'people-suddenly-few',
  group,
  standsFor: ['R17'],
  what: 'The directory suddenly lacks 20 of 60 people',
  holds: 'A hold begins: nobody loses access, even after a restart, until a person acknowledges it.',
  async run(worlds) {
    const world = await worlds.open({ sandbox: { accounts: 60 } });
    const story = await Story.begin(world);
    const { people } = await askControl<{ people: { email: string; role: string }[] }>(
      world.sandbox,
      'GET',
      '/state',
    );
    const gone = people
      .filter(({ email, role }) => role === 'member' && !/^(alice|carol)@/.test(email))
      .slice(0, 20);
    for (const { email } of gone) await askControl(world.sandbox, 'DELETE', userPath(email));
    await world.sync();
    const { token } = await world.untilHeld('DirectoryShrunk');
    await world.deleteGrant('leaves');
    await world.expectReason('leaves', 'RemovalsPaused');
    await world.restartOperator();
    await world.sync();
    world.expect('nobody lost anything', await story.holdsEnterprise('alice'));
    await world.answer('acknowledge', token);
    await world.expectSoon(
      'after the answer the right is taken',
      async () => !(await story.holdsEnterprise('alice')),
    );
    world.expect('once', story.taken().length === 1, () => story.taken());
    return { fired: gone.length, checks: world.checks };
  },
};

export const asanaPeopleFaults: readonly Fault[] = [oddAddresses, unknownLicense, shrunken];
