import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import type { Selection } from '../../src/conductorone/c1z/selection.ts';
import { writeC1z } from '../../src/conductorone/c1z/writer.ts';
import type {
  BatonService,
  BatonServiceUploadAssetRequestSchema,
} from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import { readOrder } from '../../src/sandbox/conductorone/task-order.ts';
import type { TaskRecord } from '../../src/sandbox/conductorone/task-record.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { account, member, snapshotOf, team } from '../conductorone/directories.ts';

export type Piece = MessageInitShape<typeof BatonServiceUploadAssetRequestSchema>;

const MAGIC = Buffer.from('C1ZF\0', 'latin1');
const PIECE_BYTES = 512 * 1024;

/** Two accounts, one of them an admin of a team. */
export const smallDirectory = snapshotOf(
  [account('905', { email: 'Ada@acme.com' }), account('906', { license: 'ViewOnly' })],
  [team('501', [member('905', { admin: true })])],
);

/** Returns the file that the product writes for a directory. */
export async function fileOf(snapshot: Snapshot = smallDirectory, selection?: Selection): Promise<Buffer> {
  const file = await writeC1z({
    snapshot,
    settings: { licenses: true, serviceAccount: false },
    selection,
    tempFolder: tmpdir(),
    clock: systemClock,
    random: (bytes) => randomBytes(bytes),
  });
  try {
    return await readFile(file.path);
  } finally {
    await file[Symbol.asyncDispose]();
  }
}

/** Returns the file with its database changed. */
export function changed(file: Buffer, change: (db: DatabaseSync) => void): Buffer {
  const db = new DatabaseSync(':memory:');
  db.deserialize(zstdDecompressSync(file.subarray(MAGIC.length)));
  change(db);
  const bytes = db.serialize();
  db.close();
  return Buffer.concat([MAGIC, zstdCompressSync(bytes)]);
}

/** Enqueues a sync and takes it. */
export async function takeSync(
  sandbox: Sandbox,
  client: Client<typeof BatonService>,
  options: object = {},
): Promise<TaskRecord> {
  const task = sandbox.conductorOne.queue.add(readOrder({ type: 'syncFull', ...options }, null));
  await client.getTask({ hostId: 'host-1' });
  return task;
}

export const metadata = (taskId: string, hostId = 'host-1'): Piece => ({
  msg: { case: 'metadata', value: { hostId, taskId } },
});
export const data = (bytes: Uint8Array): Piece => ({ msg: { case: 'data', value: { data: bytes } } });
export const eof = (sha256Checksum: Uint8Array): Piece => ({
  msg: { case: 'eof', value: { sha256Checksum } },
});

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

export async function* stream(...pieces: readonly Piece[]): AsyncGenerator<Piece> {
  yield* pieces;
}

/** Yields the messages of a valid upload. */
export async function* uploadOf(taskId: string, file: Buffer): AsyncGenerator<Piece> {
  yield metadata(taskId);
  for (let from = 0; from < file.length; from += PIECE_BYTES)
    yield data(file.subarray(from, from + PIECE_BYTES));
  yield eof(sha256(file));
}

/** Uploads a file for a new sync task, and finishes the task. */
export async function syncWith(
  sandbox: Sandbox,
  client: Client<typeof BatonService>,
  file: Buffer,
  options: object = {},
): Promise<TaskRecord> {
  const task = await takeSync(sandbox, client, options);
  await client.uploadAsset(uploadOf(task.id, file));
  await client.finishTask({ hostId: 'host-1', taskId: task.id, finalState: { case: 'success', value: {} } });
  return task;
}
