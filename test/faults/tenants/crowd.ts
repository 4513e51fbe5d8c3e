import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, type ResourceNames } from '../../../src/api/resources.ts';
import type { Worlds } from '../fault.ts';
import { readSample, type Sample } from '../soak/gauges.ts';
import type { World, WorldOptions } from '../world.ts';
import { readChartLimits } from './chart-limits.ts';

const AT_ONCE = 20;
/** Longer than the operator needs for most of what a tenant does, on two busy cores. */
export const PATIENCE_MS = 600_000;

/** Opens a world whose operator has the Node options of the chart, and with them its heap limit. */
export async function openAsCharted(worlds: Worlds, options: WorldOptions = {}): Promise<World> {
  const { nodeOptions } = await readChartLimits();
  return worlds.open({
    isCrowded: true,
    variables: { NODE_OPTIONS: nodeOptions },
    ...options,
    flags: ['--log-level', 'info', ...(options.flags ?? [])],
  });
}

/** Calls `work` with every number below `count`, twenty at a time. */
export async function times(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => work(from + index)),
    );
}

/** Returns the path of all objects of a kind in a namespace. */
export function pathOf({ plural }: ResourceNames, namespace: string): string {
  return `/apis/${API_VERSION}/namespaces/${namespace}/${plural}`;
}

/** Waits until no key waits in any queue, three times in a row. */
export async function untilIdle(world: World): Promise<void> {
  let quiet = 0;
  const deadline = performance.now() + PATIENCE_MS;
  while (quiet < 3) {
    if (!world.operator.isRunning)
      throw new Error(
        `the process has ended: ${world.operator.lines
          .filter((line) => line.includes('"warn"'))
          .slice(-6)
          .join(' / ')}`,
      );
    if (performance.now() > deadline) throw new Error('the operator is not idle in time');
    const page = await world.operator.metrics();
    const depths = [...page.matchAll(/^asana_connector_workqueue_depth\{.*\} (\d+)$/gm)];
    quiet = depths.length > 0 && depths.every(([, depth]) => depth === '0') ? quiet + 1 : 0;
    await sleep(1_000);
  }
}

/** Returns the minimum of several looks, since work under way comes and goes. */
export async function readFloor(world: World, looks = 20): Promise<Pick<Sample, 'heap' | 'timers'>> {
  let floor = { heap: Number.POSITIVE_INFINITY, timers: Number.POSITIVE_INFINITY };
  for (let look = 0; look < looks; look += 1) {
    const { heap, timers } = readSample(await world.operator.metrics(), 0, 0);
    floor = { heap: Math.min(heap, floor.heap), timers: Math.min(timers, floor.timers) };
    await sleep(1_000);
  }
  return floor;
}

/** Checks that the process is alive and has stayed within the chart's memory limit. */
export async function expectWithinLimits(world: World): Promise<void> {
  const { memory } = await readChartLimits();
  const peak = world.operator.isRunning ? await world.operator.peakMiB() : Number.POSITIVE_INFINITY;
  world.expect(
    `the process lives, and has held ${Math.round(peak)} of ${memory} MiB at most`,
    peak < memory,
    () => world.operator.lines.slice(-3),
  );
}
