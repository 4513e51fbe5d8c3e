import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { openAuditOutput } from '../../src/commands/command-line/audit-output.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';

const deps = { log: silentLogger, meter: silentMeter, clock: systemClock };

suite("the operator's audit lines", () => {
  test('are written to standard output and to the named file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'audit-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'audit.log');
    const stdout = new PassThrough();
    const output = openAuditOutput(path, { ...deps, stdout });
    output.sink('{"n":1}');
    output.close();
    stdout.end();
    assert.equal(await text(stdout), '{"n":1}\n');
    assert.equal(await readFile(path, 'utf8'), '{"n":1}\n');
  });

  test('are still written to the file if standard output is closed, and the failure is logged', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'audit-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'audit.log');
    const logged: string[] = [];
    const log = { ...silentLogger, error: (message: string) => void logged.push(message) };
    const stdout = new Writable({
      autoDestroy: false,
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('EPIPE'), { code: 'EPIPE' })),
    });
    const output = openAuditOutput(path, { ...deps, log, stdout });
    output.sink('{"n":1}');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(logged, ['audit lines could not be written to standard output']);
    output.sink('{"n":2}');
    output.close();
    assert.equal(await readFile(path, 'utf8'), '{"n":1}\n{"n":2}\n');
  });
});
