import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The poll interval of a process that waits for the download or build of another one. */
const LOCK_POLL_MS = 500;

/** Returns a path in the cache for downloaded and built programs: `$XDG_CACHE_HOME` or `~/.cache`, then the project. */
export function cacheDirectory(...parts: string[]): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'asana-connector', ...parts);
}

/**
 * Runs `work` while no other process runs it under the same lock file. The file contains the PID of the lock's holder,
 * so that the lock of a killed process is taken over.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait: () => void): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let waited = false;
  while (!(await tryLock(path))) {
    if (!waited) onWait();
    waited = true;
    await sleep(LOCK_POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = Number(await readFile(path, 'utf8').catch(() => ''));
  // The holder of an empty lock file is about to write its PID.
  if (holder > 0 && !isAlive(holder)) await rm(path, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
