import { on } from 'node:events';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { prepareExisting, SyncDatabase } from './database.ts';
import { unpack } from './envelope.ts';
import { C1zError, damagedFile, fileError, isDamage, storageFault } from './errors.ts';
import { DATABASE_FILE, type End, type SyncJob, type Taken } from './job.ts';
import { insertBatch, type RowBatch } from './row-batch.ts';

/** Writes the database: takes in batches of rows, and acknowledges each when it has been inserted. */
export async function insertRows(rows: MessagePort, job: SyncJob): Promise<void> {
  const path = join(job.workFolder, DATABASE_FILE);
  // Messages are buffered from here on, however long the first steps take.
  const messages = on(rows, 'message') as AsyncIterableIterator<[RowBatch | End]>;
  if (job.source !== null) await adopt(job.source, path, job);
  const database = new SyncDatabase(path, job.tempFolder, job.sync);
  for await (const [message] of messages) {
    if (message.kind === 'end') {
      database.finish(job.sync.type, message.endedAt);
      return;
    }
    insertBatch(database, message);
    rows.postMessage({ kind: 'taken' } satisfies Taken, []);
  }
}

/** Unpacks the file to add to and prepares its database. */
async function adopt(source: string, path: string, job: SyncJob): Promise<void> {
  const whole = `${path}.before`;
  try {
    await unpack(source, whole);
    prepareExisting(whole, path, job.tempFolder, job.sync.type);
  } catch (error) {
    if (isDamage(error)) throw damagedFile(source, error);
    // A full disk is that of the temporary folder: nothing is written anywhere else here.
    const fault = storageFault(error);
    if (error instanceof C1zError || fault === 'full') throw error;
    throw fileError(source, fault, error);
  }
}
