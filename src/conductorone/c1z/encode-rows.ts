import { on } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { DirectoryPiece, End, FromThread, SyncCounts, SyncJob } from './job.ts';
import { RowCollector } from './row-batch.ts';
import { SyncWriter } from './sync-writer.ts';
import { Throttle } from './throttle.ts';

/**
 * Runs the encoding thread: takes in pieces of the directory, sends batches of rows, and acknowledges each piece when
 * its rows have been sent.
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
      // Even without any piece there are rows: those of workspaces and licenses.
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
