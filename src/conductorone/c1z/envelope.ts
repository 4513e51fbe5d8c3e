import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { codeOf } from '../../core/errors.ts';
import { C1zError, damagedFile } from './errors.ts';

/** `C1ZF\0`, followed by zstd frames of one SQLite file. */
export const MAGIC_V1 = Buffer.from('C1ZF\0', 'latin1');
/** `C1Z3\0`: a Pebble store, the default of baton-sdk since v0.25. */
const MAGIC_V3 = Buffer.from('C1Z3\0', 'latin1');

const BUFFER_BYTES = 1024 * 1024;
/** The largest database that baton-sdk v0.25 decodes. */
const LARGEST_DATABASE_BYTES = 10 * 1024 ** 3;
/**
 * Unpacks a c1z into a database file.
 * @throws C1zError `FileUnusable` if it is not a c1z of version 1, is damaged, or is larger than any reader accepts
 */
export async function unpack(source: string, database: string): Promise<void> {
  await checkMagic(source);
  try {
    await pipeline(
      createReadStream(source, { start: MAGIC_V1.length, highWaterMark: BUFFER_BYTES }),
      createZstdDecompress({ chunkSize: BUFFER_BYTES }),
      atMost(LARGEST_DATABASE_BYTES, source),
      createWriteStream(database, { flags: 'wx', mode: 0o600, highWaterMark: BUFFER_BYTES }),
    );
  } catch (cause) {
    // A truncated frame is a Z_BUF_ERROR.
    if (/^Z(STD)?_/.test(codeOf(cause) ?? '')) throw damagedFile(source, cause);
    throw cause;
  }
}

/**
 * Checks the first bytes of a file.
 * @throws C1zError `FileUnusable` if they are not those of a c1z of version 1; the error of the file system
 */
export async function checkMagic(source: string): Promise<void> {
  const file = await open(source, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_V1.length), 0, MAGIC_V1.length, 0);
    const magic = buffer.subarray(0, bytesRead);
    if (magic.equals(MAGIC_V1)) return;
    if (!magic.equals(MAGIC_V3)) throw damagedFile(source);
    throw new C1zError(
      'FileUnusable',
      `${source} is a c1z file of version 3 (Pebble), and this program writes version 1. Specify another file with --file.`,
    );
  } finally {
    await file.close();
  }
}

function atMost(limit: number, source: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) done(null, chunk);
      else
        done(
          new C1zError(
            'FileUnusable',
            `${source} is larger than ${limit} bytes when unpacked. Specify another file with --file.`,
          ),
        );
    },
  });
}
