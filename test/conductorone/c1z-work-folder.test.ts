import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeWorkFolder, sweepWorkFolders } from '../../src/conductorone/c1z/work-folder.ts';

async function inFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'c1z-work-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A PID that no process has: Linux assigns at most four million. */
const NOBODY = 99_999_999;
const host = hostname();

test('a sweep removes the folders of killed processes, and keeps those in use or of other hosts', async (t) => {
  const temp = await inFolder(t);
  const own = (await makeWorkFolder(temp)).split('/').at(-1) ?? '';
  const kept = [
    own,
    `asana-connector-c1z-${host}_${process.ppid}_1_abc123`,
    'asana-connector-c1z-elsewhere_1_1_abc123',
    'other',
  ];
  const swept = [
    // In a restarted container, the process has the same PID as the one before.
    `asana-connector-c1z-${host}_${process.pid}_1_abc123`,
    `asana-connector-c1z-${host}_${NOBODY}_1_abc123`,
  ];
  for (const name of [...kept, ...swept]) await mkdir(join(temp, name, 'inner'), { recursive: true });
  await sweepWorkFolders(temp);
  assert.deepEqual((await readdir(temp)).toSorted(), kept.toSorted());
});

test('a folder that was not modified for a day is removed, even one of another host', async (t) => {
  const temp = await inFolder(t);
  const old = join(temp, 'asana-connector-c1z-elsewhere_1_1_abc123');
  await mkdir(old);
  const before = new Date(Date.now() - 25 * 3600_000);
  await utimes(old, before, before);
  await makeWorkFolder(temp);
  assert.equal((await readdir(temp)).length, 1);
});

test('a sweep of a missing folder does not fail', async (t) => {
  await sweepWorkFolders(join(await inFolder(t), 'missing'));
});
