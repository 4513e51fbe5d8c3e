import { on } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { prepareExisting, SyncDatabase } from './database.ts';
import { unpack } from './envelope.ts';
import { C1zError, damagedFile, fileError, isDamage, storageFault, tempFolderError } from './errors.ts';
import { DATABASE_FILE, type FromWorker, type SyncJob, type ToWorker } from './job.ts';
import { SyncWriter } from './sync-writer.ts';

/**
 * While rows are written, pages change as long as they are among the last of their table's tree: a page above the
 * leaves fills up with some 400 of these, which for the teams' own rows takes 40 MiB of the grants between them.
 */
const ROWS_LAG_BYTES = 64 * 1024 * 1024;

/**
 * The thread that writes the database of a c1z: encoding and SQLite happen here. Pieces of the directory come in as
 * messages; each is answered when it is done with, so that only a few are under way.
 */
async function writeSync(port: MessagePort, job: SyncJob): Promise<FromWorker> {
  const path = join(job.workFolder, DATABASE_FILE);
  // From here on messages are kept, however long the first steps take.
  const messages = on(port, 'message') as AsyncIterableIterator<[ToWorker]>;
  if (job.source !== null) await adopt(job.source, path, job);
  const database = new SyncDatabase(path, job.tempFolder, job.sync);
  const writer = new SyncWriter(database, job);
  for await (const [message] of messages) {
    if (message.kind === 'end') {
      database.finish(job.sync.type, message.endedAt, () => tellSettled(port, path, 0));
      break;
    }
    writer.write(message);
    port.postMessage({ kind: 'taken' } satisfies FromWorker);
    tellSettled(port, path, ROWS_LAG_BYTES);
  }
  return { kind: 'done', counts: writer.counts() };
}

/** What of the file, but for its last `lag` bytes, will hardly change any more. */
function tellSettled(port: MessagePort, path: string, lag: number): void {
  port.postMessage({ kind: 'settled', bytes: statSync(path).size - lag } satisfies FromWorker);
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

/** Only words cross to the other thread: what was thrown may hold what cannot be cloned. */
function failure(error: unknown, { tempFolder }: SyncJob): FromWorker {
  const known = error instanceof C1zError ? error : tempFolderError(tempFolder, storageFault(error), error);
  const { cause } = known;
  return {
    kind: 'failed',
    code: known.code,
    message: known.message,
    cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : '',
  };
}

if (parentPort) {
  const port = parentPort;
  const job = workerData as SyncJob;
  port.postMessage(await writeSync(port, job).catch((error: unknown) => failure(error, job)));
  // Nothing else keeps the thread alive.
  port.close();
}
