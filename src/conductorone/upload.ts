import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { Clock } from '../core/clock.ts';
import { ConductorOneError } from './errors.ts';
import type { BatonServiceUploadAssetRequestSchema } from './generated/c1/connectorapi/baton/v1/baton_pb.ts';

export type UploadMessage = MessageInitShape<typeof BatonServiceUploadAssetRequestSchema>;

/** Something to upload that can be read again from its beginning. */
export interface Asset {
  /** Its bytes, in order, in pieces of any size. */
  read(): AsyncIterable<Uint8Array>;
}

export interface UploadReceipt {
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

export interface UploadOptions {
  readonly metadata: { readonly hostId: string; readonly taskId: string };
  readonly asset: Asset;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Makes the call: sends the messages and waits for the answer. */
  readonly send: (messages: AsyncIterable<UploadMessage>, signal: AbortSignal) => Promise<unknown>;
}

/** What the Go SDK sends in one message; the protocol allows twice as much. */
export const PIECE_BYTES = 512 * 1024;
const TRIES = 3;
const WAITS_MS = [0, 1000];
/** An upload has no deadline, since its size has none; one that does not move for this long is given up. */
const STANDSTILL_MS = 120_000;
/**
 * Nothing moves while the server stores what it has: the SDK's source speaks of up to 15 minutes for the largest files. A
 * connection that dies meanwhile is found by its pings, a task that is gone by its heartbeats.
 */
const ANSWER_MS = 900_000;

/**
 * Sends an asset: its metadata, its bytes in pieces of 512 KiB, and their SHA-256; then waits for the answer.
 * Tried again from the first byte when the connection fails, or with another token when the one it had was taken back;
 * any other refusal, or an asset that cannot be read, is final.
 */
export async function uploadAsset(options: UploadOptions): Promise<UploadReceipt> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await tryUpload(options);
    } catch (error) {
      if (!mayGoBetter(error) || attempt + 1 >= TRIES) throw error;
      await options.clock.sleep(WAITS_MS[attempt] ?? 0, options.signal);
    }
  }
}

/** With a gRPC code it is the upload that was refused its token, which is forgotten; without one no token was given. */
function mayGoBetter(error: unknown): boolean {
  if (!(error instanceof ConductorOneError)) return false;
  return error.errorClass === 'transient' || error.grpcCode === Code.Unauthenticated;
}

async function tryUpload({ metadata, asset, clock, signal, send }: UploadOptions): Promise<UploadReceipt> {
  const hash = createHash('sha256');
  const standstill = new AbortController();
  let cancelTimer = (): void => {};
  let bytes = 0;
  let unreadable = null as Error | null;
  let ended = false;
  let patience = STANDSTILL_MS;
  const moved = () => {
    cancelTimer();
    // A call that has failed may still be handed a piece that was on its way; no timer must outlive it.
    if (ended) return;
    cancelTimer = clock.schedule(patience, () => standstill.abort());
  };

  async function* readable(): AsyncGenerator<Uint8Array> {
    try {
      yield* asset.read();
    } catch (error) {
      unreadable = error instanceof Error ? error : new Error('the file to upload cannot be read');
      throw unreadable;
    }
  }

  // A call that fails is thrown into this generator, and must not be taken for a fault of the file.
  async function* messages(): AsyncGenerator<UploadMessage> {
    yield { msg: { case: 'metadata', value: metadata } };
    for await (const data of inPieces(readable())) {
      moved();
      hash.update(data);
      bytes += data.length;
      yield { msg: { case: 'data', value: { data } } };
    }
    patience = ANSWER_MS;
    moved();
    yield { msg: { case: 'eof', value: { sha256Checksum: hash.copy().digest() } } };
  }

  moved();
  try {
    await send(messages(), AbortSignal.any([signal, standstill.signal]));
    return { bytes, sha256: hash.digest() };
  } catch (error) {
    signal.throwIfAborted();
    // The call ends with an error of its own; the reason is ours.
    if (unreadable !== null) throw unreadable;
    if (!standstill.signal.aborted) throw error;
    throw new ConductorOneError(
      'Disconnected',
      `The upload made no progress for ${patience / 1000} s, after ${bytes} bytes. The upload is retried.`,
    );
  } finally {
    ended = true;
    cancelTimer();
  }
}

/** The same bytes in pieces of exactly PIECE_BYTES, the last one shorter; none for an empty source. */
async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + PIECE_BYTES - filled);
      piece.set(part, filled);
      filled += part.length;
      from += part.length;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      // The piece is on its way and must not change any more.
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
