import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, crc32, zstdCompress } from 'node:zlib';
import { MAGIC_V1 } from './envelope.ts';

/** So much of the database is a frame of its own: some 20 ms to pack, 2 ms to check. */
const FRAME_BYTES = 8 * 1024 * 1024;
/** zstd's fastest regular level, as the Go SDK uses. */
const LEVEL = 1;
/** Most frames of a directory fit. */
const OUTPUT_BYTES = 1024 * 1024;
/** Frames under way at the end. */
const AT_ONCE = 2;

const compress = promisify(zstdCompress);

/** A frame that was packed before the database was complete. */
interface EarlyFrame {
  /** Of the part of the database that went into it. */
  readonly checksum: number;
  /** Where it lies in the spool. */
  readonly position: number;
  readonly length: number;
}

/**
 * Packs a database into a c1z: frames of 8 MiB of it, one behind the other, by libuv's threads. While rows are
 * being written and indices made it packs what lies before them, since both are appended to the file. That little
 * else changes is not relied on: in the end every frame is checked against the database, and a stale one (the first holds the
 * schema) is packed again. So equal databases give equal bytes, however much was packed early.
 */
export class Packer {
  readonly #databasePath: string;
  readonly #spoolPath: string;
  readonly #buffers = Array.from({ length: AT_ONCE }, () => Buffer.allocUnsafeSlow(FRAME_BYTES));
  readonly #early: EarlyFrame[] = [];
  #settled = 0;
  #spooled = 0;
  #packing = Promise.resolve();
  #stopped = false;

  /**
   * @param database the file to pack
   * @param spool a file that does not exist yet, for frames that are packed early
   */
  constructor(database: string, spool: string) {
    this.#databasePath = database;
    this.#spoolPath = spool;
  }

  /** So many bytes of the database are there and will hardly change: they may be packed. */
  settle(bytes: number): void {
    const frames = Math.floor(bytes / FRAME_BYTES);
    if (frames <= this.#settled) return;
    this.#settled = frames;
    this.#packing = this.#packing.then(() => this.#packEarly());
    // Whoever calls `stop` hears of it.
    this.#packing.catch(() => {});
  }

  /** How many frames were packed before the database was finished. */
  get packedEarly(): number {
    return this.#early.length;
  }

  /**
   * Ends the early packing with the frame it is at.
   * @throws what has made it fail
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#packing;
  }

  /**
   * Packs the database, which is complete now, after `stop`.
   * @returns the size of the c1z
   * @throws the signal's reason when it aborts
   */
  async finish(target: string, signal?: AbortSignal): Promise<number> {
    await using database = await open(this.#databasePath, 'r');
    await using spool = await open(this.#spoolPath, 'a+', 0o600);
    await using output = await open(target, 'wx', 0o600);
    const { size } = await database.stat();
    await output.writeFile(MAGIC_V1);
    let bytes = MAGIC_V1.length;
    for await (const frame of this.#frames(Math.ceil(size / FRAME_BYTES), database, spool)) {
      signal?.throwIfAborted();
      await output.writeFile(frame);
      bytes += frame.length;
    }
    return bytes;
  }

  async #packEarly(): Promise<void> {
    await using database = await open(this.#databasePath, 'r');
    await using spool = await open(this.#spoolPath, 'a', 0o600);
    while (!this.#stopped && this.#early.length < this.#settled) {
      const part = await this.#read(database, this.#early.length);
      const checksum = crc32(part);
      const frame = await packPart(part);
      await spool.writeFile(frame);
      this.#early.push({ checksum, position: this.#spooled, length: frame.length });
      this.#spooled += frame.length;
    }
  }

  /** All frames in their order; the next one is under way while one is written. */
  async *#frames(count: number, database: FileHandle, spool: FileHandle): AsyncGenerator<Uint8Array> {
    const ahead: Promise<Uint8Array>[] = [];
    try {
      for (let index = 0; index < count; index += 1) {
        const frame = this.#frame(index, database, spool);
        // One that fails while another is awaited is awaited later.
        frame.catch(() => {});
        ahead.push(frame);
        if (ahead.length === AT_ONCE) yield await (ahead.shift() as Promise<Uint8Array>);
      }
      for (const frame of ahead) yield await frame;
    } finally {
      await Promise.allSettled(ahead);
    }
  }

  /** The frame that was packed early, unless the database has changed there. */
  async #frame(index: number, database: FileHandle, spool: FileHandle): Promise<Uint8Array> {
    const part = await this.#read(database, index);
    const early = this.#early[index];
    if (!early || early.checksum !== crc32(part)) return packPart(part);
    const frame = Buffer.allocUnsafeSlow(early.length);
    await readFully(spool, frame, early.position);
    return frame;
  }

  /** A view, overwritten by the read of the next part but one. */
  async #read(database: FileHandle, index: number): Promise<Uint8Array> {
    const buffer = this.#buffers[index % AT_ONCE] as Buffer;
    return buffer.subarray(0, await readFully(database, buffer, index * FRAME_BYTES));
  }
}

/** A zstd frame that says how large its contents are, so that readers can refuse what is too large at once. */
async function packPart(part: Uint8Array): Promise<Uint8Array> {
  return compress(part, {
    chunkSize: OUTPUT_BYTES,
    pledgedSrcSize: part.length,
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
  });
}

/** Reads until the buffer is full or the file at its end; returns how many bytes there were. */
async function readFully(file: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let used = 0;
  while (used < buffer.length) {
    const { bytesRead } = await file.read(buffer, used, buffer.length - used, position + used);
    if (bytesRead === 0) break;
    used += bytesRead;
  }
  return used;
}
