import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import type { Clock } from '../core/clock.ts';
import { ConductorOneError } from './errors.ts';
import type { BatonServiceUploadAssetRequestSchema } from './generated/c1/connectorapi/baton/v1/baton_pb.ts';

export type UploadMessage = MessageInitShape<typeof BatonServiceUploadAssetRequestSchema>;

/** Data to upload that can be read again from its beginning. */
export interface Asset {
  /** Returns its bytes, in order, in chunks of any size. */
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

/** Data bytes in one message, as in the Go SDK; the protocol allows twice as much. */
export const PIECE_BYTES = 512 * 1024;
const TRIES = 3;
const WAITS_MS = [0, 1000];
/** An upload has no deadline, since its size is unlimited; one without progress for this long is given up. */
const STANDSTILL_MS = 120_000;
/**
 * There is no progress while the server stores the file: up to 15 minutes for the largest ones, according to the SDK's
 * source. Meanwhile pings detect a dead connection, and heartbeats a task that is gone.
 */
const ANSWER_MS = 900_000;

/**
 * Uploads an asset: sends its metadata, its bytes in pieces of 512 KiB, and their SHA-256; then waits for the answer.
 * Retries from the first byte if the connection fails, or with a new token if the token was revoked; any other refusal,
 * or an asset that cannot be read, is final.
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

/** Whether to retry. An Unauthenticated upload can use a new token; if no token was given, there is no gRPC code. */
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
    // A failed call may still receive a piece that was on its way; no timer must outlive the call.
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

  // The error of a failed call is thrown into this generator, and must not be mistaken for a read error.
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
    // The call ends with its own error, but the cause is on this side.
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

/** Regroups bytes into pieces of exactly PIECE_BYTES, the last one shorter; yields none for an empty source. */
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
      // The piece is being sent and must not change any more.
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
