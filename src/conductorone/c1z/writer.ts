import { createReadStream } from 'node:fs';
import { access, chmod, constants, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { unlessAborted } from '../../core/abort.ts';
import type { Clock } from '../../core/clock.ts';
import { describeGap } from '../../directory/doubt.ts';
import type { Part, Snapshot } from '../../directory/snapshot.ts';
import type { ModelSettings } from '../model.ts';
import { checkMagic } from './envelope.ts';
import { C1zError, fileError, storageFault } from './errors.ts';
import { piecesOf } from './feed.ts';
import { DATABASE_FILE, type SyncJob } from './job.ts';
import { KSUID_RANDOM_BYTES, ksuid } from './ksuid.ts';
import { everything, type Selection, syncTypeOf } from './selection.ts';
import { formatSqlTime } from './sql-time.ts';
import { SyncThreads, type WrittenFile } from './sync-threads.ts';
import { makeWorkFolder, removeWorkFolder } from './work-folder.ts';

export interface C1zOptions {
  readonly snapshot: Snapshot;
  readonly settings: ModelSettings;
  /** Default: everything. */
  readonly selection?: Selection | undefined;
  /** `--c1z-temp-dir`, `BATON_TMPDIR` or the system's; created if it is missing. */
  readonly tempFolder: string;
  readonly clock: Clock;
  /** Returns this many random bytes, for the id of the sync. */
  readonly random: (bytes: number) => Uint8Array;
  /** Stops the writing; partial files are removed. */
  readonly signal?: AbortSignal | undefined;
}

export interface WrittenSync extends WrittenFile {
  /** KSUID. */
  readonly syncId: string;
}

/** A c1z in a temporary folder, until it is disposed of. */
export interface C1zFile extends WrittenSync, AsyncDisposable {
  readonly path: string;
  /** Returns its bytes, from the first. */
  read(): AsyncIterable<Uint8Array>;
}

/**
 * Writes a directory into a new c1z of version 1. Other threads do the work, so this one's event loop stays free. On
 * failure nothing is left in the temporary folder.
 * @throws C1zError; the signal's reason when it aborts
 */
export async function writeC1z(options: C1zOptions): Promise<C1zFile> {
  checkComplete(options.snapshot, options.settings);
  const folder = await makeWorkFolder(options.tempFolder);
  try {
    const path = join(folder, 'sync.c1z');
    const sync = await runSync({ ...options, folder, source: null, target: path, targetIsNamed: false });
    return {
      ...sync,
      path,
      read: () => createReadStream(path) as AsyncIterable<Uint8Array>,
      [Symbol.asyncDispose]: () => removeWorkFolder(folder),
    };
  } catch (error) {
    await removeWorkFolder(folder);
    throw error;
  }
}

/**
 * Checks that `addSync` could add to the file at `path`, or create it, as far as possible without unpacking it. To be
 * called before a directory is read for the file.
 * @throws C1zError `FileUnusable`, `C1zFailed`
 */
export async function checkTarget(path: string): Promise<void> {
  const file = resolve(path);
  try {
    if (await exists(file)) await checkMagic(file);
    await access(dirname(file), constants.W_OK);
  } catch (error) {
    throw error instanceof C1zError ? error : fileError(file, storageFault(error), error);
  }
}

/**
 * Adds a sync to the c1z at `path`, or creates the file; the newest two full syncs stay in it. The file is replaced as
 * a whole at the end, so a failure leaves the old one unchanged.
 * @throws C1zError; the signal's reason when it aborts
 */
export async function addSync(path: string, options: C1zOptions): Promise<WrittenSync> {
  checkComplete(options.snapshot, options.settings);
  const file = resolve(path);
  const target = `${file}.tmp`;
  const folder = await makeWorkFolder(options.tempFolder);
  try {
    // Removes what a crash has left; two concurrent writers of one file are not supported.
    await rm(target, { force: true }).catch((error: unknown) =>
      Promise.reject(fileError(target, storageFault(error), error)),
    );
    const source = (await exists(file)) ? file : null;
    const sync = await runSync({ ...options, folder, source, target, targetIsNamed: true });
    await replace(source, target, file).catch((error: unknown) =>
      Promise.reject(fileError(file, storageFault(error), error)),
    );
    return sync;
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await removeWorkFolder(folder);
  }
}

/** Replaces the file and keeps its mode; a new file is accessible to its owner alone. */
async function replace(source: string | null, target: string, file: string): Promise<void> {
  if (source !== null) {
    const mode = (await stat(source)).mode & 0o777;
    // Some file systems do not support modes; the sync matters more than its mode.
    await chmod(target, mode).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPERM' && error.code !== 'ENOTSUP') throw error;
    });
  }
  await rename(target, file);
}

interface RunOptions extends C1zOptions, Pick<SyncJob, 'source' | 'target' | 'targetIsNamed'> {
  readonly folder: string;
}

/** Writes the c1z and removes the database that it was made of. */
async function runSync(options: RunOptions): Promise<WrittenSync> {
  const { clock, signal, folder } = options;
  signal?.throwIfAborted();
  const startedAt = clock.now();
  const syncId = ksuid(startedAt, options.random(KSUID_RANDOM_BYTES));
  const threads = new SyncThreads(jobOf(options, syncId, startedAt));
  try {
    for await (const piece of piecesOf(options.snapshot)) await unlessAborted(threads.send(piece), signal);
    const written = await unlessAborted(threads.finish(formatSqlTime(clock.now())), signal);
    await rm(join(folder, DATABASE_FILE));
    return { ...written, syncId };
  } finally {
    await threads.stop();
  }
}

function jobOf(options: RunOptions, id: string, startedAt: number): SyncJob {
  const { snapshot, settings, selection = everything, tempFolder, folder } = options;
  const { source, target, targetIsNamed } = options;
  const { workspaces, organization, self } = snapshot;
  return {
    workFolder: folder,
    tempFolder,
    source,
    target,
    targetIsNamed,
    sync: { id, type: syncTypeOf(selection), startedAt: formatSqlTime(startedAt) },
    settings,
    selection,
    head: { workspaces, organization, self },
  };
}

/** Throws unless the reading is complete: ConductorOne treats what a file lacks as removed. */
function checkComplete({ parts }: Snapshot, { licenses }: ModelSettings): void {
  const needed: readonly (readonly [string, Part | null])[] = [
    ['accounts', parts.accounts],
    ['teams', parts.teams],
    ...(licenses ? [['licenses', parts.licenses] as const] : []),
  ];
  for (const [name, part] of needed) {
    if (part?.complete) continue;
    const gap = describeGap(name, part);
    throw new C1zError('SnapshotIncomplete', `${gap} Nothing is written. The next sync tries again.`);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
