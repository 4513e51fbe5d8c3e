import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { constants, crc32, zstdCompressSync } from 'node:zlib';
import { MAGIC_V1 } from './envelope.ts';

/** So much of the database is a frame of its own: some 20 ms to pack, 2 ms to check. */
const FRAME_BYTES = 8 * 1024 * 1024;
/** zstd's fastest regular level, as the Go SDK uses. */
const LEVEL = 1;
/** Most frames of a directory fit. */
const OUTPUT_BYTES = 1024 * 1024;

/** A frame that was packed before the database was complete. */
interface EarlyFrame {
  /** Of the part of the database that went into it. */
  readonly checksum: number;
  /** Where it lies in the spool. */
  readonly position: number;
  readonly length: number;
}

/**
 * Packs a database into a c1z: frames of 8 MiB of it, one behind the other. While indices are made it packs what lies
 * before them, since they are appended to the file. That little else changes is not relied on: in the end every frame
 * is checked against the database, and a stale one (the first holds the schema) is packed again. So equal databases
 * give equal bytes, however much was packed early. Every step blocks: it is for a thread of its own.
 */
export class Packer {
  readonly #databasePath: string;
  readonly #spoolPath: string;
  readonly #buffer = Buffer.allocUnsafeSlow(FRAME_BYTES);
  readonly #early: EarlyFrame[] = [];
  #spooled = 0;

  /**
   * @param database the file to pack
   * @param spool a file that does not exist yet, for frames that are packed early
   */
  constructor(database: string, spool: string) {
    this.#databasePath = database;
    this.#spoolPath = spool;
  }

  /** Packs the whole frames of the first so many bytes of the database, which are there and will hardly change. */
  packEarly(bytes: number): void {
    const frames = Math.floor(bytes / FRAME_BYTES);
    if (frames <= this.#early.length) return;
    using database = new OpenFile(this.#databasePath, 'r');
    using spool = new OpenFile(this.#spoolPath, 'a');
    while (this.#early.length < frames) {
      const part = this.#read(database, this.#early.length);
      const frame = packPart(part);
      spool.append(frame);
      this.#early.push({ checksum: crc32(part), position: this.#spooled, length: frame.length });
      this.#spooled += frame.length;
    }
  }

  /**
   * Packs the database, which is complete now.
   * @returns the size of the c1z
   */
  finish(target: string): number {
    using database = new OpenFile(this.#databasePath, 'r');
    using spool = new OpenFile(this.#spoolPath, 'a+');
    using output = new OpenFile(target, 'wx');
    output.append(MAGIC_V1);
    let bytes = MAGIC_V1.length;
    const frames = Math.ceil(database.size / FRAME_BYTES);
    for (let index = 0; index < frames; index += 1) {
      const frame = this.#frame(index, database, spool);
      output.append(frame);
      bytes += frame.length;
    }
    return bytes;
  }

  /** The frame that was packed early, unless the database has changed there. */
  #frame(index: number, database: OpenFile, spool: OpenFile): Uint8Array {
    const part = this.#read(database, index);
    const early = this.#early[index];
    if (!early || early.checksum !== crc32(part)) return packPart(part);
    const frame = Buffer.allocUnsafeSlow(early.length);
    spool.read(frame, early.position);
    return frame;
  }

  /** A view, overwritten by the next read. */
  #read(database: OpenFile, index: number): Uint8Array {
    return this.#buffer.subarray(0, database.read(this.#buffer, index * FRAME_BYTES));
  }
}

/** A zstd frame that says how large its contents are, so that readers can refuse what is too large at once. */
function packPart(part: Uint8Array): Uint8Array {
  return zstdCompressSync(part, {
    chunkSize: OUTPUT_BYTES,
    pledgedSrcSize: part.length,
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
  });
}

class OpenFile implements Disposable {
  readonly #descriptor: number;

  constructor(path: string, flags: string) {
    this.#descriptor = openSync(path, flags, 0o600);
  }

  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** Reads until the buffer is full or the file at its end; returns how many bytes there were. */
  read(buffer: Uint8Array, position: number): number {
    let used = 0;
    while (used < buffer.length) {
      const read = readSync(this.#descriptor, buffer, used, buffer.length - used, position + used);
      if (read === 0) break;
      used += read;
    }
    return used;
  }

  append(bytes: Uint8Array): void {
    writeFileSync(this.#descriptor, bytes);
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}
