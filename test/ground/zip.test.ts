import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { readZipEntry } from '../controlplane/zip.ts';

/** Makes a zip archive of deflated files by APPNOTE.TXT, independently of the reader. */
function zip(files: Record<string, string>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = deflateRawSync(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(text), 16);
    entry.writeUInt32LE(data.length, 20);
    entry.writeUInt32LE(text.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    const parts = [local, Buffer.from(name), Buffer.from('xtra'), data];
    offset += parts.reduce((sum, part) => sum + part.length, 0);
    locals.push(...parts);
    directory.push(entry, Buffer.from(name));
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

describe('the zip reader', () => {
  const archive = zip({ 'helm/helm': 'helm'.repeat(100), 'kubectl/kubectl': 'kubectl' });

  test('finds a file by name anywhere in the archive', () => {
    assert.equal(readZipEntry(archive, 'helm/helm').toString(), 'helm'.repeat(100));
    assert.equal(readZipEntry(archive, 'kubectl/kubectl').toString(), 'kubectl');
  });

  test('names the file that it cannot find', () => {
    assert.throws(() => readZipEntry(archive, 'helm'), /no helm in the zip archive/);
  });

  test('rejects content whose CRC does not match', () => {
    const damaged = Buffer.from(archive);
    const at = damaged.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02])) + 16;
    damaged.writeUInt32LE(0, at);
    assert.throws(() => readZipEntry(damaged, 'helm/helm'), /CRC/);
  });

  test('rejects data that is not an archive', () => {
    assert.throws(() => readZipEntry(Buffer.from('hello'), 'x'), /not a zip archive/);
  });
});
