import { on } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { DirectoryPiece, End, FromThread, SyncCounts, SyncJob } from './job.ts';
import { RowCollector } from './row-batch.ts';
import { SyncWriter } from './sync-writer.ts';
import { Throttle } from './throttle.ts';

/**
 * The thread that encodes: pieces of the directory come in, batches of rows go out, and each piece is answered when
 * its rows have left.
 */
export async function encodeRows(port: MessagePort, rows: MessagePort, job: SyncJob): Promise<SyncCounts> {
  const pieces = on(port, 'message') as AsyncIterableIterator<[DirectoryPiece | End]>;
  const throttle = new Throttle();
  rows.on('message', () => throttle.taken());
  const collector = new RowCollector();
  const writer = new SyncWriter(collector, job);
  const flush = async (): Promise<void> => {
    await throttle.room();
    const { batch, transfer } = collector.take();
    rows.postMessage(batch, transfer);
    throttle.sent();
  };
  for await (const [piece] of pieces) {
    if (piece.kind === 'end') {
      // Without any piece there are rows all the same: those of workspaces and licenses.
      await flush();
      rows.postMessage(piece, []);
      break;
    }
    writer.write(piece);
    await flush();
    port.postMessage({ kind: 'taken' } satisfies FromThread);
  }
  return writer.counts();
}
