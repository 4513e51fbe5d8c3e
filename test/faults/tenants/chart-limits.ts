import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

const VALUES = join(import.meta.dirname, '..', '..', '..', 'charts', 'asana-connector', 'values.yaml');

/** Returns the operator's limits in the chart: NODE_OPTIONS, and memory in MiB. */
export async function readChartLimits(): Promise<{ readonly nodeOptions: string; readonly memory: number }> {
  const values = parse(await readFile(VALUES, 'utf8')) as {
    nodeOptions: string;
    resources: { limits: { memory: string } };
  };
  const memory = Number(/^(\d+)Mi$/.exec(values.resources.limits.memory)?.[1]);
  if (Number.isNaN(memory)) throw new RangeError('resources.limits.memory of the chart is not in Mi');
  return { nodeOptions: values.nodeOptions, memory };
}
