import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { withLock } from '../controlplane/cache.ts';

describe('the lock of the download cache', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lock-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('lets one holder work at a time, and notifies the others that they wait', async () => {
    const path = join(directory, 'busy.lock');
    let [inside, most, waits] = [0, 0, 0];
    const work = () =>
      withLock(
        path,
        async () => {
          inside++;
          most = Math.max(most, inside);
          await turn();
          inside--;
        },
        () => waits++,
      );
    await Promise.all([work(), work(), work()]);
    assert.equal(most, 1);
    assert.equal(waits, 2);
    assert.ok(!existsSync(path), 'the last holder removes the lock file');
  });

  test('is released when the work fails', async () => {
    const path = join(directory, 'failing.lock');
    await assert.rejects(
      withLock(
        path,
        () => Promise.reject(new Error('no')),
        () => {},
      ),
      /no/,
    );
    assert.ok(!existsSync(path));
  });

  test('is taken over from a process that died', async () => {
    const path = join(directory, 'left.lock');
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await writeFile(path, String(dead.pid));
    assert.equal(
      await withLock(
        path,
        () => Promise.resolve('done'),
        () => {},
      ),
      'done',
    );
  });
});
