import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { storageFault, tempFolderError } from './errors.ts';

const PREFIX = 'asana-connector-c1z-';
/** Folders unchanged for this long are removed: another host's process cannot be checked, and no sync takes so long. */
const OLDEST_MS = 24 * 3600_000;

/** The owner of a work folder. A container's process has the same PID after every restart, so its start counts too. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/**
 * Creates a work folder inside the folder for temporary files, which is created if it is missing.
 * @throws C1zError `TempFolderFull`, `TempFolderUnusable`
 */
export async function makeWorkFolder(tempFolder: string): Promise<string> {
  const { host, pid, startedAt } = thisProcess();
  try {
    await mkdir(tempFolder, { recursive: true });
    await sweepWorkFolders(tempFolder);
    return await mkdtemp(join(tempFolder, `${PREFIX}${host}_${pid}_${startedAt}_`));
  } catch (error) {
    throw tempFolderError(tempFolder, storageFault(error), error);
  }
}

export async function removeWorkFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Removes the folders of processes that were killed during a sync; a folder that cannot be removed stays. */
export async function sweepWorkFolders(tempFolder: string): Promise<void> {
  // A folder for temporary files that is missing or unreadable is reported when it is used.
  const names = await readdir(tempFolder).catch((): string[] => []);
  for (const name of names.filter((each) => each.startsWith(PREFIX))) {
    const folder = join(tempFolder, name);
    if (await isLeft(folder, readOwner(name))) await removeWorkFolder(folder).catch(() => {});
  }
}

async function isLeft(folder: string, owner: Owner | null): Promise<boolean> {
  const self = thisProcess();
  if (owner?.host === self.host && owner.pid === self.pid) return owner.startedAt !== self.startedAt;
  if (owner?.host === self.host && !isAlive(owner.pid)) return true;
  // If it cannot be read, it was removed meanwhile.
  const changedAt = await stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  // Uses the clock of the machine, which also set the time of the change.
  return Date.now() - changedAt > OLDEST_MS;
}

function thisProcess(): Owner {
  return { host: hostname(), pid: process.pid, startedAt: Math.round(performance.timeOrigin) };
}

function readOwner(name: string): Owner | null {
  const [, host, pid, startedAt] = /^(.+)_(\d+)_(\d+)_\w+$/.exec(name.slice(PREFIX.length)) ?? [];
  return host === undefined ? null : { host, pid: Number(pid), startedAt: Number(startedAt) };
}

/** Whether a process is running. Signal 0 only checks; EPERM means that the process is alive under another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
