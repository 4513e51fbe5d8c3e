import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { GrantKindName } from '../../src/api/kinds.ts';
import { REQUESTED_AT_ANNOTATION } from '../../src/api/resources.ts';
import { grantKinds } from '../../src/controllers/grants/grant-kinds.ts';
import { GrantStores } from '../../src/controllers/grants/grant-stores.ts';
import { QueueRouter } from '../../src/controllers/queue-router.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { keyOf } from '../../src/kubernetes/resource.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { WorkQueue } from '../../src/kubernetes/work-queue.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { connectorObject, grantObject } from './objects.ts';

const STATUS = { organizations: ['1200000000000001'] };

/** Two connectors of one organization, each with a grant, and the queues that changes of them go to. */
function setUp() {
  const clock = new FakeClock();
  const newQueue = (name: string) => new WorkQueue(name, { clock, random: () => 0, meter: silentMeter });
  const connectors = new Store<AsanaConnector>();
  const grants = new GrantStores();
  const connectorQueue = newQueue('connectors');
  const grantQueues = new Map<GrantKindName, WorkQueue>(
    grantKinds.map(({ resource }) => [resource.kind, newQueue(resource.kind)]),
  );
  const router = new QueueRouter({ connectors, grants, connectorQueue, grantQueues });
  const acme = connectorObject({ status: STATUS });
  const beta = connectorObject({ metadata: { name: 'beta', namespace: 'other', uid: 'c2' }, status: STATUS });
  for (const connector of [acme, beta]) connectors.put(connector);
  const [licenses] = grantKinds;
  assert.ok(licenses);
  grants.of(licenses).put(grantObject());
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
  return { router, acme, waiting };
}

suite('a change of one connector', () => {
  const annotated = (connector: AsanaConnector): AsanaConnector => ({
    ...connector,
    metadata: {
      ...connector.metadata,
      resourceVersion: '2',
      annotations: { [REQUESTED_AT_ANNOTATION]: 'now' },
    },
  });

  test('that is an annotation wakes that connector, and no grant and no connector of another', () => {
    const { router, acme, waiting } = setUp();
    router.onConnector({
      key: keyOf(acme),
      previous: acme,
      current: annotated(acme),
      initial: false,
    });
    assert.deepEqual(waiting(), { connectors: 1, grants: 0 });
  });

  test('that is an edit wakes its own grants, and those that share its organization', () => {
    const { router, acme, waiting } = setUp();
    const current = { ...acme, metadata: { ...acme.metadata, generation: 2, resourceVersion: '2' } };
    router.onConnector({ key: keyOf(acme), previous: acme, current, initial: false });
    assert.deepEqual(waiting(), { connectors: 2, grants: 2 });
  });

  test('that only its status tells, or metadata that nobody reads, wakes nobody', () => {
    const { router, acme, waiting } = setUp();
    const current = { ...acme, metadata: { ...acme.metadata, resourceVersion: '2' } };
    router.onConnector({ key: keyOf(acme), previous: acme, current, initial: false });
    assert.deepEqual(waiting(), { connectors: 0, grants: 0 });
  });
});
