import { columns, type Family, type Step, shown } from './curves/columns.ts';
import { machine, tableOf, writeDocuments } from './curves/documents.ts';
import { type Load, measureLoad } from './curves/step.ts';

/** The chart's heap limit of 160 MiB is enough for 10,000 grants; larger loads need a larger heap. */
const BY_GRANTS: readonly Load[] = [
  { size: 1_000, heapMiB: 160 },
  { size: 3_000, heapMiB: 160 },
  { size: 10_000, heapMiB: 160 },
  { size: 30_000, heapMiB: 320 },
  { size: 100_000, heapMiB: 640 },
].map(({ size, heapMiB }) => ({ accounts: size, connectors: 1, grants: size, heapMiB }));

const BY_CONNECTORS: readonly Load[] = [
  { connectors: 10, heapMiB: 160 },
  { connectors: 100, heapMiB: 320 },
  { connectors: 500, heapMiB: 1_024 },
].map(({ connectors, heapMiB }) => ({ accounts: 500, connectors, grants: connectors, heapMiB }));

/**
 * Runs `npm run bench -- curves [--write]`: measures how the operator's costs grow with the load. Prints tables;
 * `write` also puts them into docs/performance.md, with pictures.
 */
export async function curves(write: boolean, log: (line: string) => void): Promise<void> {
  const families: Record<string, Family> = {
    grants: {
      name: 'accounts and grants',
      sizeOf: ({ grants }) => grants,
      slopePer: 1_000,
      steps: await measureAll(BY_GRANTS, log),
    },
    connectors: {
      name: 'connectors',
      sizeOf: ({ connectors }) => connectors,
      slopePer: 1,
      steps: await measureAll(BY_CONNECTORS, log),
    },
  };
  log(machine());
  for (const family of Object.values(families)) log(`\n${tableOf(family)}`);
  if (write) await writeDocuments(families);
}

async function measureAll(loads: readonly Load[], log: (line: string) => void): Promise<Step[]> {
  // `BENCH_CURVES_MOST` skips loads with more grants than this, for a quick look.
  const most = Number(process.env['BENCH_CURVES_MOST'] ?? Number.POSITIVE_INFINITY);
  const steps: Step[] = [];
  for (const load of loads.filter(({ grants }) => grants <= most)) {
    log(`${load.accounts} accounts, ${load.connectors} connectors, ${load.grants} grants …`);
    const cost = await measureLoad(load, log);
    log(columns.map(({ title, of, unit }) => `${title} ${shown(of(cost), unit)}`).join(', '));
    steps.push({ load, cost });
  }
  return steps;
}
