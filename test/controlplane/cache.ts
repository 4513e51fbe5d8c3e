import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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

/** Takes the lock if it is free. The file has its contents before it has its name, so a lock always names its holder. */
async function tryLock(path: string): Promise<boolean> {
  const ticket = `${process.pid} ${randomUUID()}`;
  const own = `${path}.${ticket.replace(' ', '.')}`;
  await writeFile(own, ticket);
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const held = await readLock(path);
    if (held === null || isAlive(Number.parseInt(held, 10))) return false;
    await rename(own, path);
    // Others may take over the same lock at the same time: the last one to rename its file has it.
    await sleep(LOCK_POLL_MS);
    return (await readLock(path)) === ticket;
  } finally {
    await rm(own, { force: true });
  }
}

/** Returns the contents of a lock; `null` if it was released. */
function readLock(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
