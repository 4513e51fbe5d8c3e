import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { codeOf } from '../../core/errors.ts';
import { BadFileError } from './bad-file.ts';

const MAGIC = Buffer.from([0x43, 0x31, 0x5a, 0x46, 0x00]);
const MAGIC_OF_VERSION_3 = Buffer.from([0x43, 0x31, 0x5a, 0x33, 0x00]);
/** Largest database that the `baton` CLI v0.4.3 decodes. */
const LARGEST_DATABASE = 3 * 1024 ** 3;

/**
 * Unpacks a c1z of version 1 (baton-sdk pkg/dotc1z): `C1ZF\0`, then zstd frames of one SQLite file.
 * @param target path to write the database to
 * @throws BadFileError
 */
export async function unpackC1z(content: Uint8Array, target: string): Promise<void> {
  const magic = Buffer.from(content.subarray(0, MAGIC.length));
  if (magic.equals(MAGIC_OF_VERSION_3))
    throw new BadFileError('envelope', 'is of version 3 (Pebble); version 1 is expected');
  if (!magic.equals(MAGIC)) throw new BadFileError('envelope', 'must begin with C1ZF and a zero byte');
  try {
    await pipeline(
      Readable.from([content.subarray(MAGIC.length)], { objectMode: false }),
      createZstdDecompress(),
      atMost(LARGEST_DATABASE),
      createWriteStream(target, { mode: 0o600 }),
    );
  } catch (error) {
    if (error instanceof BadFileError) throw error;
    if (!/^Z(STD)?_/.test(codeOf(error) ?? '')) throw error;
    throw new BadFileError('envelope', 'what follows must be whole zstd frames', error);
  }
}

function atMost(limit: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) done(null, chunk);
      else done(new BadFileError('envelope', `holds more than ${limit} bytes`));
    },
  });
}
