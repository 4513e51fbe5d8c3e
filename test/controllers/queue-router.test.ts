import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { GrantKindName } from '../../src/api/kinds.ts';
import { REQUESTED_AT_ANNOTATION } from '../../src/api/resources.ts';
import { grantKinds } from '../../src/controllers/grants/grant-kinds.ts';
import { GrantStores } from '../../src/controllers/grants/grant-stores.ts';
import { QueueRouter } from '../../src/controllers/queue-router.ts';
import type { Clock } from '../../src/core/clock.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { keyOf } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { Priority, WorkQueue } from '../../src/kubernetes/work-queue.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { connectorObject, grantObject } from './objects.ts';

const STATUS = { organizations: ['1200000000000001'] };

/** Returns two connectors of one organization, each with a grant, and the queues that their changes go to. */
function setUp(clock: Clock = new FakeClock()) {
  const newQueue = (name: string) => new WorkQueue(name, { clock, random: () => 0, meter: silentMeter });
  const connectors = new Store<AsanaConnector>();
  const grants = new GrantStores();
  const connectorQueue = newQueue('connectors');
  const grantQueues = new Map<GrantKindName, WorkQueue>(
    grantKinds.map(({ resource }) => [resource.kind, newQueue(resource.kind)]),
  );
  const router = new QueueRouter({ connectors, grants, connectorQueue, grantQueues, clock });
  const acme = connectorObject({ status: STATUS });
  const beta = connectorObject({ metadata: { name: 'beta', namespace: 'other', uid: 'c2' }, status: STATUS });
  for (const connector of [acme, beta]) connectors.put(connector);
  const [licenses] = grantKinds;
  assert.ok(licenses);
  const licenseQueue = grantQueues.get(licenses.resource.kind);
  assert.ok(licenseQueue);
  const alice = grantObject();
  grants.of(licenses).put(alice);
  grants.of(licenses).put(
    grantObject({
      metadata: { name: 'bob', namespace: 'other', uid: 'u2' },
      spec: { connectorRef: { name: 'beta' }, user: { email: 'bob@acme.com' } },
    }),
  );
  const waiting = () => ({
    connectors: connectorQueue.depth,
    grants: [...grantQueues.values()].reduce((sum, { depth }) => sum + depth, 0),
  });
  /** Begins as the leader, and finishes every key that this queues. */
  const lead = async () => {
    await router.begin();
    for (const queue of [connectorQueue, ...grantQueues.values()])
      while (queue.depth > 0) queue.done((await queue.take()) ?? assert.fail());
  };
  return { router, grants, licenses, connectorQueue, licenseQueue, acme, alice, waiting, lead };
}

suite('the queue router', () => {
  test('queues nothing on a standby when objects are created, changed and deleted', async () => {
    const clock = new FakeClock();
    const { router, licenses, acme, alice, waiting } = setUp(clock);
    const edited = { ...acme, metadata: { ...acme.metadata, generation: 2, resourceVersion: '2' } };
    router.onConnector({ key: keyOf(acme), previous: null, current: acme });
    router.onConnector({ key: keyOf(acme), previous: acme, current: edited });
    router.onConnector({ key: keyOf(acme), previous: edited, current: null });
    router.onGrant(licenses, { key: keyOf(alice), previous: null, current: alice });
    router.onGrant(licenses, { key: keyOf(alice), previous: alice, current: null });
    assert.equal(clock.pending, 0, 'nothing is scheduled for later');
    assert.deepEqual(waiting(), { connectors: 0, grants: 0 });
  });

  test('queues each existing connector and grant once when it begins', async () => {
    const { router, acme, waiting } = setUp();
    router.onConnector({ key: keyOf(acme), previous: null, current: acme });
    await router.begin();
    assert.deepEqual(waiting(), { connectors: 2, grants: 2 });
  });

  test('queues existing grants at a lower priority than changes when it begins', async () => {
    const { router, grants, licenses, licenseQueue } = setUp();
    const carol = grantObject({
      metadata: { name: 'carol', uid: 'u3' },
      spec: { user: { email: 'carol@acme.com' } },
    });
    grants.of(licenses).put(carol);
    await router.begin();
    licenseQueue.add(keyOf(carol), { priority: Priority.change });
    assert.equal(await licenseQueue.take(), keyOf(carol));
  });

  test('yields to the event loop while it queues many existing grants', async () => {
    let at = 0;
    // A clock on which each grant takes a millisecond.
    const clock = Object.assign(new FakeClock(), { monotonic: () => (at += 1) });
    const { router, grants, licenses } = setUp(clock);
    for (let index = 0; index < 200; index += 1)
      grants.of(licenses).put(grantObject({ metadata: { name: `g${index}`, uid: `g${index}` } }));
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await router.begin();
    clearImmediate(next);
    assert.ok(turns > 10, `${turns} turns`);
  });
});

suite('a change of a connector', () => {
  const annotated = (connector: AsanaConnector): AsanaConnector => ({
    ...connector,
    metadata: {
      ...connector.metadata,
      resourceVersion: '2',
      annotations: { [REQUESTED_AT_ANNOTATION]: 'now' },
    },
  });

  test('in its annotations queues only that connector', async () => {
    const { router, acme, waiting, lead } = setUp();
    await lead();
    router.onConnector({ key: keyOf(acme), previous: acme, current: annotated(acme) });
    assert.deepEqual(waiting(), { connectors: 1, grants: 0 });
  });

  test('in its spec queues its grants, and the connectors and grants that share its organization', async () => {
    const { router, acme, waiting, lead } = setUp();
    await lead();
    const current = { ...acme, metadata: { ...acme.metadata, generation: 2, resourceVersion: '2' } };
    router.onConnector({ key: keyOf(acme), previous: acme, current });
    assert.deepEqual(waiting(), { connectors: 2, grants: 2 });
  });

  test('in its status, or in metadata that is not read, queues nothing', async () => {
    const { router, acme, waiting, lead } = setUp();
    await lead();
    const unread = { resourceVersion: '2', labels: { team: 'iga' }, finalizers: ['example.org/keep'] };
    const current: AsanaConnector = {
      ...acme,
      metadata: { ...acme.metadata, ...unread },
      status: { ...STATUS, phase: 'Connected' },
    };
    router.onConnector({ key: keyOf(acme), previous: acme, current });
    assert.deepEqual(waiting(), { connectors: 0, grants: 0 });
  });
});
