import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { C1zError, storageFault } from '../../src/conductorone/c1z/errors.ts';
import { writeC1z } from '../../src/conductorone/c1z/writer.ts';
import { systemClock } from '../../src/core/clock.ts';
import { account, snapshotOf } from './directories.ts';

async function inFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'c1z-storage-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a c1z (or adds a sync to `file`) in a process with a file size limit of `kib` KiB; returns its output. */
async function writeWithin(kib: number, tempFolder: string, file: string | null): Promise<string> {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { addSync, writeC1z } from ${at('../../src/conductorone/c1z/writer.ts')};
    import { systemClock } from ${at('../../src/core/clock.ts')};
    import { largeSnapshot } from ${at('./directories.ts')};
    const options = { snapshot: largeSnapshot(2000, 100, 20), settings: { licenses: true, serviceAccount: false },
      tempFolder: ${JSON.stringify(tempFolder)}, clock: systemClock, random: (size) => new Uint8Array(size) };
    const writing = ${file === null ? 'writeC1z(options)' : `addSync(${JSON.stringify(file)}, options)`};
    await writing.then(() => console.log('written'), (error) => console.log(error.code, error.errorClass, error.message));`;
  // POSIX shells count the limit in blocks of 512 bytes; without the trap, the signal would kill the process.
  const limited = `trap '' XFSZ; ulimit -f ${kib * 2}; exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, script]);
  return stdout.trim();
}

suite('the folder for temporary files', () => {
  test('fails the sync with a transient error that names it and its flag when it is full, and is left empty', async (t) => {
    const tempFolder = await inFolder(t);
    const outcome = await writeWithin(256, tempFolder, null);
    assert.match(outcome, /^TempFolderFull transient /);
    assert.ok(outcome.includes(tempFolder) && outcome.includes('--c1z-temp-dir (BATON_TMPDIR)'), outcome);
    assert.deepEqual(await readdir(tempFolder), []);
    const unlimited = await writeWithin(1024 * 1024, tempFolder, null);
    assert.equal(unlimited, 'written', 'the sync succeeds without the limit');
  });

  test('is not blamed if the folder of the output file is missing, which fails with FileUnusable', async (t) => {
    const tempFolder = await inFolder(t);
    const outcome = await writeWithin(1024 * 1024, tempFolder, join(tempFolder, 'missing', 'sync.c1z'));
    assert.match(outcome, /^FileUnusable stalling /);
  });

  test('fails the sync with a stalling error that names it and BATON_TMPDIR if it is not writable', async (t) => {
    const file = join(await inFolder(t), 'file');
    await writeFile(file, '');
    const tempFolder = join(file, 'below');
    const writing = writeC1z({
      snapshot: snapshotOf([account('1')]),
      settings: { licenses: true, serviceAccount: false },
      tempFolder,
      clock: systemClock,
      random: (size) => new Uint8Array(size),
    });
    await assert.rejects(
      writing,
      (error) =>
        error instanceof C1zError &&
        error.code === 'TempFolderUnusable' &&
        error.errorClass === 'stalling' &&
        error.message.includes(tempFolder) &&
        error.message.includes('BATON_TMPDIR'),
    );
  });

  test('is created if it does not exist', async (t) => {
    const tempFolder = join(await inFolder(t), 'a', "b 'quoted'");
    const file = await writeC1z({
      snapshot: snapshotOf([account('1')]),
      settings: { licenses: true, serviceAccount: false },
      tempFolder,
      clock: systemClock,
      random: (size) => new Uint8Array(size),
    });
    await file[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(tempFolder), []);
  });
});

suite('a storage error', () => {
  for (const { error, fault, because } of [
    { error: { code: 'ENOSPC' }, fault: 'full', because: 'the disk is full' },
    { error: { code: 'EDQUOT' }, fault: 'full', because: 'the disk quota is exceeded' },
    { error: { code: 'EROFS' }, fault: 'unusable', because: 'the file system is read-only' },
    { error: { code: 'EACCES' }, fault: 'unusable', because: 'permission is denied' },
    { error: { code: 'EPIPE' }, fault: 'other', because: 'the error does not concern files' },
    { error: { code: 'ERR_SQLITE_ERROR', errcode: 13 }, fault: 'full', because: 'SQLITE_FULL' },
    { error: { code: 'ERR_SQLITE_ERROR', errcode: 778 }, fault: 'full', because: 'SQLITE_IOERR_WRITE' },
    { error: { code: 'ERR_SQLITE_ERROR', errcode: 266 }, fault: 'other', because: 'SQLITE_IOERR_READ' },
    {
      error: { code: 'ERR_SQLITE_ERROR', errcode: 1544 },
      fault: 'unusable',
      because: 'SQLITE_READONLY_DIRECTORY',
    },
    { error: { code: 'ERR_SQLITE_ERROR', errcode: 14 }, fault: 'unusable', because: 'SQLITE_CANTOPEN' },
    { error: { code: 'ERR_SQLITE_ERROR', errcode: 19 }, fault: 'other', because: 'SQLITE_CONSTRAINT' },
  ]) {
    test(`is classified as ${fault}: ${because}`, () => {
      assert.equal(storageFault(Object.assign(new Error('x'), error)), fault);
    });
  }
});
