import { crc32, inflateRawSync } from 'node:zlib';

// Signatures and field offsets: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central
// directory) and 4.3.16 (end of central directory).
const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_OF_DIRECTORY_BYTES = 22;
const DIRECTORY_ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;

const STORED = 0;
const DEFLATED = 8;

/**
 * Returns one file of a zip archive in memory (no zip64, no encryption), checked against its CRC.
 * @throws Error if the archive is damaged or has no such file
 */
export function readZipEntry(archive: Buffer, name: string): Buffer {
  let end = archive.length - END_OF_DIRECTORY_BYTES;
  while (end >= 0 && archive.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw new Error('not a zip archive');
  const entries = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < entries; index++) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Error('damaged zip directory');
    const nameLength = archive.readUInt16LE(at + 28);
    const nameAt = at + DIRECTORY_ENTRY_BYTES;
    if (archive.toString('utf8', nameAt, nameAt + nameLength) === name) return content(archive, at, name);
    at = nameAt + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  throw new Error(`no ${name} in the zip archive`);
}

function content(archive: Buffer, entry: number, name: string): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const expectedCrc = archive.readUInt32LE(entry + 16);
  const compressedSize = archive.readUInt32LE(entry + 20);
  const size = archive.readUInt32LE(entry + 24);
  const local = archive.readUInt32LE(entry + 42);
  if (archive.readUInt32LE(local) !== LOCAL_HEADER) throw new Error('damaged zip entry');
  // The local header repeats the name and has extra fields of a different length.
  const start =
    local + LOCAL_HEADER_BYTES + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const raw = archive.subarray(start, start + compressedSize);
  if (method !== STORED && method !== DEFLATED)
    throw new Error(`${name}: zip method ${method} is not supported`);
  const data = method === STORED ? raw : inflateRawSync(raw, { maxOutputLength: size });
  if (data.length !== size || crc32(data) !== expectedCrc) throw new Error(`${name}: its CRC does not fit`);
  return data;
}
