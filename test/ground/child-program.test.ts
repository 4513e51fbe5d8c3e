import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram } from '../controlplane/child-program.ts';

const MODULE = join(import.meta.dirname, '../controlplane/child-program.ts');

/** How long a process may take to start or exit; only a failing test waits that long. */
const PATIENCE_MS = 10_000;

describe('a program that runs beside the tests', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'child-'));
  });
  after(() => rm(directory, { recursive: true }));

  /** Arguments for a shell that writes its PID to a file and then sleeps. */
  const sleeper = (file: string) => ['-c', `echo $$ > ${file}; exec sleep 600`] as const;

  async function eventually(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; !(await check()); ) {
      assert.ok(Date.now() < deadline, `not in time: ${what}`);
      await sleep(10);
    }
  }

  async function startedAs(file: string): Promise<number> {
    const pid = async () => Number(await readFile(file, 'utf8').catch(() => ''));
    await eventually('the program starts', async () => (await pid()) > 0);
    return pid();
  }

  function runs(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  test('ends when it is stopped', async () => {
    const file = join(directory, 'stopped');
    const program = startProgram('sh', sleeper(file));
    const pid = await startedAs(file);
    await program.stop();
    await eventually('the program has ended', () => !runs(pid));
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    test(`does not outlive a process that ends on ${signal}`, async () => {
      const file = join(directory, signal);
      const script = `import { startProgram } from ${JSON.stringify(MODULE)}; startProgram('sh', ${JSON.stringify(sleeper(file))});`;
      const parent: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: 'ignore',
      });
      const ended = once(parent, 'exit');
      const pid = await startedAs(file);
      parent.kill(signal);
      assert.equal((await ended)[1], signal, 'the process ends as it would without a program beside it');
      await eventually('the program has ended', () => !runs(pid));
    });
  }
});
