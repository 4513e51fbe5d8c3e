import { on } from 'node:events';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { fileError, storageFault } from './errors.ts';
import { DATABASE_FILE, type DatabaseNews, SPOOL_FILE, type SyncJob } from './job.ts';
import { Packer } from './packer.ts';

/** The thread that packs the database, as far as it is settled, and the whole once it is complete; the c1z's bytes. */
export async function packFrames(
  news: MessagePort,
  { workFolder, target, targetIsNamed }: SyncJob,
): Promise<number> {
  const packer = new Packer(join(workFolder, DATABASE_FILE), join(workFolder, SPOOL_FILE));
  for await (const [message] of on(news, 'message') as AsyncIterableIterator<[DatabaseNews]>) {
    if (message.kind === 'complete') break;
    packer.packEarly(message.bytes);
  }
  try {
    return packer.finish(target);
  } catch (error) {
    throw targetIsNamed ? fileError(target, storageFault(error), error) : error;
  }
}
