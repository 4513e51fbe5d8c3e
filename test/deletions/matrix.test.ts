import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, SHARED_KUBECONFIG, startControlPlane } from '../controlplane/control-plane.ts';
import { checkPage } from './deletions-page.ts';
import { deletionEvents } from './events.ts';
import { type Losses, Population, variants } from './population.ts';
import { lose } from './restoring.ts';

suite('nobody is deprovisioned, and nothing wedges, when', () => {
  let plane: ControlPlane;
  const table = new Map<string, readonly Losses[]>();

  before(async () => {
    // Its own: the CRDs are deleted, and the chart belongs to a cluster.
    plane = await startControlPlane({ controllerManager: true });
    process.env[SHARED_KUBECONFIG] = plane.kubeconfigPath;
  });
  after(() => plane.stop());

  for (const event of deletionEvents) {
    test(event.name, async () => {
      const populations = await Promise.all(variants.map((variant) => Population.settle(variant)));
      try {
        await event.once?.(populations);
        await Promise.all(populations.map((population) => event.run(population)));
        const losses = populations.map((population) => population.losses());
        assert.deepEqual(
          losses.map(({ deprovisioned }) => deprovisioned),
          variants.map(() => 0),
        );
        const planned = losses.slice(0, 2);
        assert.ok(
          planned.every(({ licenses, teams }) => licenses + teams === 0),
          'mode Plan took something',
        );
        table.set(event.name, losses);
      } finally {
        await Promise.all(populations.map(close));
      }
    });
  }

  test('and docs/safety.md shows what was seen', async () => {
    assert.equal(table.size, deletionEvents.length, 'not every row was seen');
    await checkPage(deletionEvents, table);
  });
});

/** Nothing may stay behind: without its operator it would keep the CRDs of the next row from going. */
async function close({ rig }: Population): Promise<void> {
  await rig.stopOperator();
  await lose(rig);
  await rig.close();
}
