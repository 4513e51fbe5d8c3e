import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const CHART = 'charts/asana-connector';
const run = promisify(execFile);

/** The chart of a commit. */
export interface EarlierChart {
  readonly folder: string;
  readonly commit: string;
  remove(): Promise<void>;
}

/** Extracts the chart of a commit. */
export async function takeEarlierChart(commit: string): Promise<EarlierChart> {
  const directory = await mkdtemp(join(tmpdir(), 'asana-connector-chart-'));
  const archive = join(directory, 'chart.tar');
  await git('archive', `--output=${archive}`, commit, CHART);
  await run('tar', ['-xf', archive, '-C', directory]);
  const remove = () => rm(directory, { recursive: true, force: true });
  return { folder: join(directory, CHART), commit, remove };
}

/**
 * Returns the newest commit in which the chart differs from the working tree; `null` if the history is not available,
 * as in a shallow clone.
 */
export async function findEarlierChart(): Promise<string | null> {
  const changes = await git('log', '--format=%H', '--max-count=20', '--', CHART).catch(() => '');
  for (const hash of changes.split('\n').filter((line) => line !== ''))
    for (const commit of [hash, `${hash}~`]) {
      const differs = await git('diff', '--quiet', commit, '--', CHART).then(
        () => false,
        (error: { code?: number }) => error.code === 1,
      );
      if (differs) return commit;
    }
  return null;
}

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', args, { cwd: ROOT })).stdout.trim();
}
