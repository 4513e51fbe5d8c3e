import { Worker } from 'node:worker_threads';
import type { Violation } from './model/judge.ts';
import type { Story } from './run.ts';
import { Tally } from './tally.ts';
import type { SeedRange, SeedReport, TallyReport } from './worker.ts';

export interface CampaignOptions {
  readonly from: number;
  readonly seeds: number;
  readonly steps: number;
  readonly workers: number;
  readonly ignored?: readonly string[];
  /** The folder of the simulation; another one for a modified copy of the source. */
  readonly folder?: string;
  /** Reports whether a finding ends the campaign; by default none does. */
  readonly endsWith?: (finding: Finding) => Promise<boolean>;
  readonly onSeed?: (done: number) => void;
  readonly onFinding?: (finding: Finding) => void;
}

export interface Finding {
  readonly seed: number;
  readonly story: Story;
  readonly violation: Violation;
}

export interface CampaignResult {
  readonly done: number;
  /** Ordered by seed. */
  readonly findings: readonly Finding[];
  /** The finding that ended the campaign; `null` if it ran to its end. */
  readonly last: Finding | null;
  readonly tally: Tally;
}

/** Runs many seeds on several threads. Each seed is a world of its own, so their order does not matter. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { from, seeds, steps, workers: count, ignored = [], folder = import.meta.dirname } = options;
  const findings: Finding[] = [];
  const tally = new Tally();
  let done = 0;
  let last: Finding | null = null;
  let asking = Promise.resolve();
  const workers = Array.from({ length: Math.min(count, seeds) }, (_, index) => {
    const workerData: SeedRange = {
      first: from + index,
      end: from + seeds,
      stride: Math.min(count, seeds),
      steps,
      ignored,
    };
    return new Worker(`${folder}/worker.ts`, { workerData });
  });
  const stopAll = () => Promise.all(workers.map((worker) => worker.terminate()));
  const ask = async (finding: Finding) => {
    if (last || !options.endsWith || !(await options.endsWith(finding))) return;
    last = finding;
    await stopAll();
  };
  const take = (report: SeedReport | TallyReport) => {
    if ('tally' in report) {
      tally.add(report.tally);
      return;
    }
    done += 1;
    options.onSeed?.(done);
    const { seed, story, violation } = report;
    if (!story || !violation) return;
    const finding = { seed, story, violation };
    findings.push(finding);
    options.onFinding?.(finding);
    asking = asking.then(() => ask(finding));
  };
  try {
    await Promise.all(workers.map((worker) => untilDone(worker, take)));
    await asking;
  } finally {
    await stopAll();
  }
  return { done, findings: findings.toSorted((a, b) => a.seed - b.seed), last, tally };
}

function untilDone(worker: Worker, take: (report: SeedReport | TallyReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}
