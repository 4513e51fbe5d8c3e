import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const CHART = 'charts/asana-connector';
const run = promisify(execFile);

/** The chart as it was before it was last changed. */
export interface EarlierChart {
  readonly folder: string;
  readonly commit: string;
  remove(): Promise<void>;
}

/**
 * Takes the chart out of the newest commit in which it differs from the one in the work tree.
 * @throws Error where the history does not reach back so far
 */
export async function takeEarlierChart(): Promise<EarlierChart> {
  const commit = await newestOther();
  const directory = await mkdtemp(join(tmpdir(), 'asana-connector-chart-'));
  const archive = join(directory, 'chart.tar');
  await git('archive', `--output=${archive}`, commit, CHART);
  await run('tar', ['-xf', archive, '-C', directory]);
  const remove = () => rm(directory, { recursive: true, force: true });
  return { folder: join(directory, CHART), commit, remove };
}

async function newestOther(): Promise<string> {
  const changes = (await git('log', '--format=%H', '--max-count=20', '--', CHART)).split('\n');
  for (const commit of changes.flatMap((hash) => [hash, `${hash}~`])) {
    const same = await git('diff', '--quiet', commit, '--', CHART).then(
      () => true,
      (error: { code?: number }) => {
        if (error.code === 1) return false;
        throw new Error(`no earlier chart: fetch more of the history with git fetch --unshallow`, {
          cause: error,
        });
      },
    );
    if (!same) return commit;
  }
  throw new Error('no earlier chart: none of its last 20 changes differs from what is here');
}

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', args, { cwd: ROOT })).stdout.trim();
}
