import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { encodeRows } from './encode-rows.ts';
import { C1zError, fileError, storageFault, tempFolderError } from './errors.ts';
import { insertRows } from './insert-rows.ts';
import { DATABASE_FILE, type FromThread, type SyncJob, type ThreadResults, type ThreadWork } from './job.ts';
import { packDatabase } from './packer.ts';

/** Runs one of the two threads that write a c1z: the one that `part` names. */
async function run(
  port: MessagePort,
  { part, rows, job }: ThreadWork,
): Promise<ThreadResults[keyof ThreadResults]> {
  if (part === 'encode') return encodeRows(port, rows, job);
  await insertRows(rows, job);
  return pack(job);
}

async function pack({ workFolder, target, targetIsNamed }: SyncJob): Promise<number> {
  try {
    return await packDatabase(join(workFolder, DATABASE_FILE), target);
  } catch (error) {
    throw targetIsNamed ? fileError(target, storageFault(error), error) : error;
  }
}

/** Converts an error to text for the other thread: it may contain values that cannot be cloned. */
function failure(error: unknown, { tempFolder }: SyncJob): FromThread {
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
  const work = workerData as ThreadWork;
  const ended = await run(parentPort, work).then(
    (result): FromThread => ({ kind: 'done', result }),
    (error: unknown) => failure(error, work.job),
  );
  parentPort.postMessage(ended, []);
}
