import { on } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { prepareExisting, SyncDatabase } from './database.ts';
import { unpack } from './envelope.ts';
import { C1zError, damagedFile, fileError, isDamage, storageFault } from './errors.ts';
import { DATABASE_FILE, type DatabaseNews, type End, type SyncJob, type Taken } from './job.ts';
import { insertBatch, type RowBatch } from './row-batch.ts';

/**
 * While rows are written, pages change as long as they are among the last of their table's tree: a page above the
 * leaves fills up with some 400 of these, which for the teams' own rows takes 40 MiB of the grants between them.
 */
const ROWS_LAG_BYTES = 64 * 1024 * 1024;

/** The thread that writes the database: batches of rows come in, and each is answered when it is in. */
export async function insertRows(rows: MessagePort, news: MessagePort, job: SyncJob): Promise<null> {
  const path = join(job.workFolder, DATABASE_FILE);
  // From here on messages are kept, however long the first steps take.
  const messages = on(rows, 'message') as AsyncIterableIterator<[RowBatch | End]>;
  if (job.source !== null) await adopt(job.source, path, job);
  const database = new SyncDatabase(path, job.tempFolder, job.sync);
  for await (const [message] of messages) {
    if (message.kind === 'end') {
      database.finish(job.sync.type, message.endedAt, () => tellSettled(news, path, 0));
      break;
    }
    insertBatch(database, message);
    rows.postMessage({ kind: 'taken' } satisfies Taken, []);
    tellSettled(news, path, ROWS_LAG_BYTES);
  }
  news.postMessage({ kind: 'complete' } satisfies DatabaseNews, []);
  return null;
}

/** What of the file, but for its last `lag` bytes, will hardly change any more. */
function tellSettled(news: MessagePort, path: string, lag: number): void {
  news.postMessage({ kind: 'settled', bytes: statSync(path).size - lag } satisfies DatabaseNews, []);
}

/** Unpacks the file that is added to. */
async function adopt(source: string, path: string, job: SyncJob): Promise<void> {
  const whole = `${path}.before`;
  try {
    await unpack(source, whole);
    prepareExisting(whole, path, job.tempFolder, job.sync.type);
  } catch (error) {
    if (isDamage(error)) throw damagedFile(source, error);
    // A full disk is the temporary folder's: nothing else is written here.
    const fault = storageFault(error);
    if (error instanceof C1zError || fault === 'full') throw error;
    throw fileError(source, fault, error);
  }
}
