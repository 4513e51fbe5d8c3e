import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, asanaConnectors, asanaLicenseGrants } from '../../../src/api/resources.ts';
import { KubernetesError } from '../../../src/kubernetes/errors.ts';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import { expectWithinLimits, openAsCharted, pathOf, readFloor, times, untilIdle } from './crowd.ts';

const LARGE_GRANTS = 500;
const LARGE_BYTES = 250 * 1024;
/** Twice the size of an object with its status. */
const GRANT_MIB = 2 * (8 / 1024);
/** The difference of a heap from one look to another. */
const SLACK_MIB = 8;

const annotations: Fault = {
  name: 'tenant-annotations',
  group: 'tenants',
  standsFor: ['R25'],
  what: `A tenant has ${LARGE_GRANTS} grants with 250 KiB of annotations each`,
  holds:
    'After they are read, they use no more memory than other grants. The process stays within its memory limit, also after a restart.',
  async run(worlds) {
    const world = await openAsCharted(worlds);
    const before = await readFloor(world);
    const note = 'x'.repeat(LARGE_BYTES);
    await times(LARGE_GRANTS, (index) =>
      world.client.create(asanaLicenseGrants, world.namespace, {
        apiVersion: API_VERSION,
        kind: asanaLicenseGrants.kind,
        metadata: { name: `large-${index}`, annotations: { 'example.com/note': note } },
        spec: { connectorRef: { name: 'acme' }, user: { email: `large-${index}@acme.example` } },
      }),
    );
    await untilIdle(world);
    await world.expectReason(`large-${LARGE_GRANTS - 1}`, 'UserNotFound');
    await expectFlat(world, before.heap, LARGE_GRANTS * GRANT_MIB);
    await expectWithinLimits(world);
    await world.restartOperator();
    await world.expectSoon(
      'a new process is ready',
      async () => (await world.operator.probe('/readyz'))?.status === 200,
    );
    await untilIdle(world);
    await expectFlat(world, before.heap, LARGE_GRANTS * GRANT_MIB);
    await expectWithinLimits(world);
    return { fired: LARGE_GRANTS, checks: world.checks };
  },
};

const LABEL_UPDATES = 65;
const LABELS = 10_000;

const labels: Fault = {
  name: 'tenant-labels',
  group: 'tenants',
  standsFor: ['R25'],
  what: `A tenant replaces the labels of a grant with ${LABELS.toLocaleString('en')} new ones, ${LABEL_UPDATES} times`,
  holds: 'They do not stay in memory, and the process stays within its memory limit.',
  async run(worlds) {
    const world = await openAsCharted(worlds);
    await world.createGrant('labelled', 'nobody@acme.example');
    await world.untilReason('labelled', 'UserNotFound');
    const before = await readFloor(world);
    for (let update = 0; update < LABEL_UPDATES; update += 1) await relabel(world, update);
    await untilIdle(world);
    await expectFlat(world, before.heap, 0);
    await expectWithinLimits(world);
    return { fired: LABEL_UPDATES, checks: world.checks };
  },
};

/** Replaces all labels of a grant, which is read first: the operator may have written its status since. */
async function relabel(world: World, update: number): Promise<void> {
  const entries = Array.from({ length: LABELS }, (_, index) => [`example.com/key-${update}-${index}`, 'v']);
  const grant = await world.grant('labelled');
  await world.ask({
    method: 'PUT',
    path: `${pathOf(asanaLicenseGrants, world.namespace)}/labelled`,
    body: {
      ...grant,
      metadata: { ...grant?.metadata, labels: Object.fromEntries(entries), managedFields: undefined },
    },
  });
}

const WAVES = 6;
const CONNECTORS = 1_000;
const GRANTS = 8_334;
/** The number of waves that fill bounded caches. */
const WARM_UP = 2;

const comeAndGo: Fault = {
  name: 'tenant-comes-and-goes',
  group: 'tenants',
  standsFor: ['R25', 'R26'],
  what: `${(WAVES * CONNECTORS).toLocaleString('en')} connectors and ${(WAVES * GRANTS).toLocaleString('en')} grants are created and deleted in ${WAVES} waves`,
  holds: `Metric series, timers and memory do not grow after the first ${WARM_UP} waves.`,
  async run(worlds) {
    const world = await openAsCharted(worlds);
    const held = [];
    for (let wave = 0; wave < WAVES; wave += 1) {
      await comeOnce(world, wave);
      // Before each measurement, wait until everything that is remembered for one or five minutes is forgotten.
      if (wave === WARM_UP - 1 || wave === WAVES - 1) {
        await sleep(310_000);
        held.push({ ...(await readFloor(world)), series: await countSeries(world) });
      }
    }
    const [early, late] = held;
    if (!early || !late) throw new Error('nothing was measured');
    world.expect(
      `${late.series} metric series, ${early.series} after ${WARM_UP} waves`,
      late.series <= early.series + 4,
    );
    world.expect(`${late.timers} timers, ${early.timers} then`, late.timers <= early.timers + 4);
    await expectFlat(world, early.heap, 0);
    await expectWithinLimits(world);
    return { fired: WAVES * (CONNECTORS + GRANTS), checks: world.checks };
  },
};

/** Creates a wave of objects, waits until all of them are decided, and deletes them. */
async function comeOnce(world: World, wave: number): Promise<void> {
  const nameOf = (index: number) => `w${wave}-${index}`;
  await times(CONNECTORS, async (index) => {
    const name = nameOf(index);
    // Asana knows none of these tokens.
    await world.createSecret({ BATON_TOKEN: `canary-${name}` }, name);
    await world.createConnector({ credentials: { type: 'ServiceAccount', secretRef: { name } } }, name);
  });
  await times(GRANTS, (index) =>
    world.createGrant(nameOf(index), `${nameOf(index)}@acme.example`, {
      connectorRef: { name: nameOf(index % CONNECTORS) },
    }),
  );
  await untilIdle(world);
  for (const kind of [asanaLicenseGrants, asanaConnectors]) {
    await deleteAllBut('acme', world, pathOf(kind, world.namespace));
    await world.expectSoon(`wave ${wave + 1}: no ${kind.plural} are left`, async () => {
      const page = await world.client.list<object>(kind, world.namespace, { limit: 2 });
      return page.items.length <= (kind === asanaConnectors ? 1 : 0);
    });
  }
  await deleteAllBut('token', world, `/api/v1/namespaces/${world.namespace}/secrets`);
  await untilIdle(world);
}

/** Deletes all objects but one. The API server spends a minute on each request, then answers 504 or hangs up. */
async function deleteAllBut(name: string, world: World, path: string): Promise<void> {
  const query = { fieldSelector: `metadata.name!=${name}` };
  for (let left = 10; ; left -= 1) {
    try {
      return await world.ask<void>({ method: 'DELETE', path, query, timeoutMs: 300_000 });
    } catch (error) {
      if (left === 0 || !(error instanceof KubernetesError)) throw error;
    }
  }
}

async function countSeries(world: World): Promise<number> {
  const page = await world.operator.metrics();
  return page.split('\n').filter((line) => line.startsWith('asana_connector_') && !line.includes('nodejs'))
    .length;
}

/** Checks that the heap has grown by no more than `most` MiB, plus some slack. */
async function expectFlat(world: World, before: number, most: number): Promise<void> {
  const { heap } = await readFloor(world);
  world.expect(
    `the heap holds ${heap.toFixed(1)} MiB, ${before.toFixed(1)} MiB before`,
    heap <= before + most + SLACK_MIB,
  );
}

export const memoryFaults: readonly Fault[] = [annotations, labels, comeAndGo];
