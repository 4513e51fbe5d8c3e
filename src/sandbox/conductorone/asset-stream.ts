import { createHash } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import type {
  BatonServiceUploadAssetRequest,
  BatonServiceUploadAssetRequest_UploadMetadata as UploadMetadata,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import type { Interruption } from './interruption.ts';
import { checkAnnotations, checkHostId, checkTaskId, invalid } from './message-rules.ts';

/** An asset that was received completely. */
export interface ReceivedAsset {
  readonly content: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Number of data messages. */
  readonly pieces: number;
}

const LARGEST_PIECE = 1024 * 1024;
const LARGEST_ASSET = 512 * 1024 * 1024;
const CHECKSUM_BYTES = 32;

/**
 * Assembles the messages of an upload: metadata first, then data, then one eof with the checksum of all data.
 * @param begin called with the metadata before any data is read; may throw to refuse the upload
 * @throws ConnectError InvalidArgument naming the field, DataLoss for a wrong checksum
 */
export async function receiveAsset(
  messages: AsyncIterable<BatonServiceUploadAssetRequest>,
  interruption: Interruption,
  begin: (metadata: UploadMetadata) => void,
): Promise<ReceivedAsset> {
  const chunks: Uint8Array[] = [];
  const hash = createHash('sha256');
  let bytes = 0;
  let begun = false;
  let ended: Uint8Array | null = null;
  for await (const { msg } of messages) {
    if (msg.case === undefined) throw invalid('msg', 'is required');
    if (ended !== null) throw invalid('msg', 'nothing may follow eof');
    if (begun === (msg.case === 'metadata')) throw invalid('msg', 'must be metadata first, and only once');
    if (msg.case === 'metadata') {
      checkMetadata(msg.value);
      begin(msg.value);
      begun = true;
    } else if (msg.case === 'data') {
      const { data } = msg.value;
      if (data.length < 1 || data.length > LARGEST_PIECE)
        throw invalid('data.data', `must have 1 to ${LARGEST_PIECE} bytes`);
      bytes += data.length;
      if (bytes > LARGEST_ASSET) throw new ConnectError('the asset is too large', Code.ResourceExhausted);
      hash.update(data);
      chunks.push(data);
      if (chunks.length === interruption.cutAtPiece) throw cut(interruption);
    } else {
      checkAnnotations('eof.annotations', msg.value.annotations);
      ended = msg.value.sha256Checksum;
      if (ended.length !== CHECKSUM_BYTES)
        throw invalid('eof.sha256_checksum', `must have ${CHECKSUM_BYTES} bytes`);
    }
  }
  if (ended === null) throw invalid('msg', 'the upload ended without eof');
  const digest = hash.digest();
  if (!digest.equals(ended))
    throw new ConnectError('eof.sha256_checksum: is not that of the data', Code.DataLoss);
  return { content: Buffer.concat(chunks), sha256: digest.toString('hex'), pieces: chunks.length };
}

function checkMetadata({ hostId, taskId, annotations }: UploadMetadata): void {
  checkHostId(hostId);
  checkTaskId(taskId);
  checkAnnotations('metadata.annotations', annotations);
}

function cut(interruption: Interruption): ConnectError {
  interruption.cut();
  return new ConnectError('the sandbox cut the upload', Code.Aborted);
}
