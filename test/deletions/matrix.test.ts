import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, SHARED_KUBECONFIG, startControlPlane } from '../controlplane/control-plane.ts';
import { checkPage } from './deletions-page.ts';
import { type DeletionEvent, deletionEvents } from './events.ts';
import { type Losses, Population, variants } from './population.ts';
import { lose } from './restoring.ts';

/** The concurrency of rows that concern one namespace only: they mostly wait. */
const SIDE_BY_SIDE = 2;

const table = new Map<string, readonly Losses[]>();
let plane: ControlPlane;

before(async () => {
  // A control plane of its own: the test deletes the CRDs, and the chart is installed once per cluster.
  plane = await startControlPlane({ controllerManager: true });
  process.env[SHARED_KUBECONFIG] = plane.kubeconfigPath;
});
after(() => plane.stop());

suite('no deprovision and no stuck object in the whole cluster', () => {
  for (const event of deletionEvents.filter(({ once }) => once !== undefined)) testRow(event);
});

suite('no deprovision and no stuck object in one namespace', { concurrency: SIDE_BY_SIDE }, () => {
  for (const event of deletionEvents.filter(({ once }) => once === undefined)) testRow(event);
});

test('docs/safety.md shows the results of all events', async () => {
  assert.equal(table.size, deletionEvents.length, 'some events have no result');
  await checkPage(deletionEvents, table);
});

function testRow(event: DeletionEvent): void {
  test(event.name, async () => {
    const populations = await Promise.all(variants.map((variant) => Population.settle(variant)));
    try {
      await event.once?.(populations);
      await Promise.all(populations.map((population) => event.run(population)));
      const losses = populations.map((population) => population.losses());
      for (const [index, { licenses, teams, deprovisioned }] of losses.entries()) {
        assert.equal(deprovisioned, 0);
        if (variants[index]?.mode === 'Plan') assert.equal(licenses + teams, 0, 'mode Plan removed a right');
      }
      table.set(event.name, losses);
    } finally {
      await Promise.all(populations.map(close));
    }
  });
}

/** Deletes all objects: without their operator, they would keep the CRDs of the next row from being deleted. */
async function close({ rig }: Population): Promise<void> {
  await rig.stopOperator();
  await lose(rig);
  await rig.close();
}
