import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { MAGIC_V1 } from './envelope.ts';

/** Database bytes per frame. A frame takes about 10 ms to compress, which is how long other pool users wait. */
const FRAME_BYTES = 4 * 1024 * 1024;
/** Frames that are compressed at once: as many as libuv's pool has threads. */
const AT_ONCE = 4;
/** zstd's fastest regular level, as in the Go SDK. */
const LEVEL = 1;
/** Size of the output buffer; most frames of a directory fit. */
const OUTPUT_BYTES = 1024 * 1024;

const compress = promisify(zstdCompress);

/**
 * Compresses a database into a new c1z: frames of 4 MiB each, one after another. The threads of libuv's pool do the
 * work, so that this last step uses several cores. (Compressing earlier slows SQLite, whose thread is the bottleneck.)
 * @returns the size of the c1z
 */
export async function packDatabase(path: string, target: string): Promise<number> {
  await using database = await open(path, 'r');
  await using output = await open(target, 'wx', 0o600);
  const frames = Math.ceil((await database.stat()).size / FRAME_BYTES);
  const packers = Array.from({ length: Math.min(AT_ONCE, frames) }, () => new FramePacker(database));
  const underWay = packers.map((packer, index) => packer.pack(index));
  try {
    await output.appendFile(MAGIC_V1);
    let bytes = MAGIC_V1.length;
    for (let index = 0; index < frames; index += 1) {
      const slot = index % AT_ONCE;
      const frame = await (underWay[slot] as Promise<Uint8Array>);
      const next = index + AT_ONCE;
      if (next < frames) underWay[slot] = (packers[slot] as FramePacker).pack(next);
      await output.appendFile(frame);
      bytes += frame.length;
    }
    return bytes;
  } finally {
    // After one has failed, the others are still reading.
    await Promise.allSettled(underWay);
  }
}

/** Compresses one frame at a time. */
class FramePacker {
  readonly #database: FileHandle;
  readonly #buffer = Buffer.allocUnsafeSlow(FRAME_BYTES);

  constructor(database: FileHandle) {
    this.#database = database;
  }

  /** Returns a zstd frame that declares its content size, so that readers can reject an oversized one at once. */
  async pack(index: number): Promise<Uint8Array> {
    const { bytesRead } = await this.#database.read(this.#buffer, 0, FRAME_BYTES, index * FRAME_BYTES);
    return compress(this.#buffer.subarray(0, bytesRead), {
      chunkSize: OUTPUT_BYTES,
      pledgedSrcSize: bytesRead,
      params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    });
  }
}
