import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { encodeRows } from './encode-rows.ts';
import { C1zError, storageFault, tempFolderError } from './errors.ts';
import { insertRows } from './insert-rows.ts';
import type { FromThread, SyncJob, ThreadResults, ThreadWork } from './job.ts';
import { packFrames } from './pack-frames.ts';

/** One of the three threads that write a c1z; which one is in what it is given. */
async function run(port: MessagePort, work: ThreadWork): Promise<ThreadResults[keyof ThreadResults]> {
  if (work.part === 'encode') return encodeRows(port, work.rows, work.job);
  if (work.part === 'insert') return insertRows(work.rows, work.news, work.job);
  return packFrames(work.news, work.job);
}

/** Only words cross to the other thread: what was thrown may hold what cannot be cloned. */
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
