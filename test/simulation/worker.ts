import { parentPort, workerData } from 'node:worker_threads';
import type { Violation } from './model/judge.ts';
import { runSeed, type Story } from './run.ts';
import { Tally } from './tally.ts';

export interface SeedRange {
  /** Seeds `first`, `first + stride`, … below `end`. */
  readonly first: number;
  readonly end: number;
  readonly stride: number;
  readonly steps: number;
  readonly ignored: readonly string[];
}

/** A worker's report on one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly story: Story | null;
  readonly violation: Violation | null;
}

/** The last message of a worker: what its seeds have covered. */
export interface TallyReport {
  readonly tally: Record<string, Record<string, number>>;
}

const port = parentPort;
if (port) {
  const { first, end, stride, steps, ignored } = workerData as SeedRange;
  const tally = new Tally();
  for (let seed = first; seed < end; seed += stride) {
    const { story, violation } = await runSeed(seed, steps, { tally, ignored });
    port.postMessage({ seed, violation, story: violation ? story : null } satisfies SeedReport);
  }
  port.postMessage({ tally: tally.toJSON() } satisfies TallyReport);
}
