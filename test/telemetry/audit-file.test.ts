import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { InvalidInputError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { AuditFile, type FileCalls } from '../../src/telemetry/audit-file.ts';
import { FakeClock } from '../asana/fake-clock.ts';
import { RecordingMeter } from '../asana/recording-meter.ts';

/** A folder with an audit file, and what the file logs and counts. */
class Rig {
  readonly path: string;
  readonly clock = new FakeClock();
  readonly meter = new RecordingMeter();
  readonly logged: string[] = [];

  constructor(folder: string) {
    this.path = join(folder, 'audit.log');
  }

  open(calls?: FileCalls): AuditFile {
    const log = { ...silentLogger, info: this.#note, error: this.#note };
    const { path, clock, meter } = this;
    return AuditFile.open({ flag: '--audit-log-path', path, log, meter, clock, ...(calls ? { calls } : {}) });
  }

  get text(): string {
    return readFileSync(this.path, 'utf8');
  }

  counted(outcome: string): number {
    return this.meter.values.get(`audit_failures_total{outcome="${outcome}"}`) ?? 0;
  }

  readonly #note = (message: string) => void this.logged.push(message);
}

async function setUp(t: TestContext): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  t.after(() => rm(folder, { recursive: true }));
  return new Rig(join(folder));
}

/** Simulates a disk with room for so many bytes; more is refused with ENOSPC. */
function smallDisk(room: number): FileCalls & { room: number } {
  return {
    room,
    write(fd, bytes) {
      if (this.room === 0)
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      const written = writeSync(fd, bytes.subarray(0, this.room));
      this.room -= written;
      return written;
    },
  };
}

suite('the audit file', () => {
  test('is created with mode 600, and is appended to', async (t) => {
    const rig = await setUp(t);
    const first = rig.open();
    first.write('{"n":1}');
    first.close();
    assert.equal(statSync(rig.path).mode & 0o777, 0o600);
    const second = rig.open();
    second.write('{"n":2}');
    second.close();
    assert.equal(rig.text, '{"n":1}\n{"n":2}\n');
  });

  for (const { how, remove } of [
    { how: 'renamed, as logrotate does', remove: (path: string) => renameSync(path, `${path}.1`) },
    { how: 'removed', remove: (path: string) => rmSync(path) },
    {
      how: 'replaced by another',
      remove: (path: string) => {
        renameSync(path, `${path}.1`);
        writeFileSync(path, '', { mode: 0o600 });
      },
    },
  ]) {
    test(`is opened again for the next line after it was ${how}, without a signal`, async (t) => {
      const rig = await setUp(t);
      const file = rig.open();
      file.write('{"n":1}');
      remove(rig.path);
      file.write('{"n":2}');
      file.close();
      assert.equal(rig.text, '{"n":2}\n');
      assert.equal(statSync(rig.path).mode & 0o777, 0o600);
      assert.deepEqual([rig.logged, rig.counted('Delayed')], [[], 0]);
    });
  }

  test('keeps its previous lines under the new name after it was renamed', async (t) => {
    const rig = await setUp(t);
    const file = rig.open();
    file.write('{"n":1}');
    renameSync(rig.path, `${rig.path}.1`);
    file.write('{"n":2}');
    file.close();
    assert.equal(readFileSync(`${rig.path}.1`, 'utf8'), '{"n":1}\n');
  });

  test('starts a new line after a last line without a line break', async (t) => {
    const rig = await setUp(t);
    writeFileSync(rig.path, '{"n":1}\n{"n":');
    const file = rig.open();
    file.write('{"n":3}');
    file.close();
    assert.equal(rig.text, '{"n":1}\n{"n":\n{"n":3}\n');
  });

  test('keeps every line complete if another writer appends to it', async (t) => {
    const rig = await setUp(t);
    const file = rig.open();
    file.write('{"n":1}');
    appendFileSync(rig.path, '{"other":1}\n');
    file.write('{"n":2}');
    file.close();
    assert.equal(rig.text, '{"n":1}\n{"other":1}\n{"n":2}\n');
  });

  test('contains only complete lines, except possibly the last one, after the process was killed', async (t) => {
    const rig = await setUp(t);
    const child = spawn(process.execPath, [join(import.meta.dirname, 'audit-writer.ts'), rig.path], {
      stdio: 'inherit',
    });
    const enough = () => (statSync(rig.path, { throwIfNoEntry: false })?.size ?? 0) > 300_000;
    while (!enough()) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lines = rig.text.split('\n');
    const torn = lines.pop() ?? '';
    const next = rig.open();
    next.write('next');
    next.close();
    assert.equal(rig.text, [...lines, ...(torn === '' ? [] : [torn]), 'next', ''].join('\n'));
    const numbers = lines.map((line) => (JSON.parse(line) as { n: number }).n);
    assert.ok(numbers.length >= 90);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
  });
});

suite('an audit file that cannot be written', () => {
  for (const { why, prepare, path } of [
    { why: 'its folder does not exist', prepare: () => {}, path: 'none/audit.log' },
    { why: 'the path is a folder', prepare: (at: string) => mkdirSync(at), path: 'audit.log' },
  ]) {
    test(`is an error at the start that names the flag and the path if ${why}`, async (t) => {
      const rig = await setUp(t);
      const at = join(rig.path, '..', path);
      prepare(at);
      const { clock, meter } = rig;
      assert.throws(
        () => AuditFile.open({ flag: '--audit-log-path', path: at, log: silentLogger, meter, clock }),
        (error) =>
          error instanceof InvalidInputError &&
          error.field === '--audit-log-path' &&
          error.message.includes(at) &&
          /cannot be written.*specify a file/.test(error.message),
      );
    });
  }

  test('is an error at the start if the path is a device', async (t) => {
    const { clock, meter } = await setUp(t);
    const options = { flag: '--audit-log-path', log: silentLogger, meter, clock };
    assert.throws(() => AuditFile.open({ ...options, path: '/dev/full' }), /not a regular file/);
  });

  test('loses no line when the disk is full: one error is logged, and the lines are written when there is room', async (t) => {
    const rig = await setUp(t);
    const disk = smallDisk(12);
    const file = rig.open(disk);
    for (const n of [1, 2, 3]) file.write(`{"n":${n}}`);
    assert.equal(rig.text, '{"n":1}\n{"n"', 'the beginning of the second line fits on the disk');
    assert.equal(rig.counted('Delayed'), 2);
    assert.equal(rig.logged.length, 1);
    assert.match(rig.logged[0] ?? '', /not writable/);
    disk.room = 1000;
    file.write('{"n":4}');
    file.close();
    assert.equal(rig.text, '{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n');
    assert.match(rig.logged.at(-1) ?? '', /writable again/);
    assert.equal(rig.counted('Lost'), 0);
  });

  test('is retried after the disk was full, even without a further line', async (t) => {
    const rig = await setUp(t);
    const disk = smallDisk(0);
    const file = rig.open(disk);
    file.write('{"n":1}');
    disk.room = 1000;
    await rig.clock.advance(10_000);
    assert.equal(rig.text, '{"n":1}\n');
    file.close();
  });

  test('receives the delayed lines when its missing folder exists again', async (t) => {
    const rig = await setUp(t);
    const file = rig.open();
    file.write('{"n":1}');
    const folder = join(rig.path, '..');
    renameSync(folder, `${folder}-away`);
    t.after(() => rm(`${folder}-away`, { recursive: true }));
    file.write('{"n":2}');
    assert.equal(rig.counted('Delayed'), 1);
    mkdirSync(folder);
    file.write('{"n":3}');
    file.close();
    assert.equal(rig.text, '{"n":2}\n{"n":3}\n');
  });

  test('delays its lines while a pipe is in its place, and receives them when the pipe is removed', async (t) => {
    const rig = await setUp(t);
    const file = rig.open();
    rmSync(rig.path);
    execFileSync('mkfifo', [rig.path]);
    file.write('{"n":1}');
    file.write('{"n":2}');
    assert.equal(rig.counted('Delayed'), 2);
    rmSync(rig.path);
    file.write('{"n":3}');
    file.close();
    assert.equal(rig.text, '{"n":1}\n{"n":2}\n{"n":3}\n');
  });

  test('counts the lines that are lost when it is closed', async (t) => {
    const rig = await setUp(t);
    const file = rig.open(smallDisk(0));
    file.write('{"n":1}');
    file.write('{"n":2}');
    file.close();
    assert.equal(rig.counted('Lost'), 2);
    assert.match(rig.logged.at(-1) ?? '', /standard output only/);
  });

  test('keeps the oldest line and the newest 9,999 waiting lines, and counts the others as lost', async (t) => {
    const rig = await setUp(t);
    const disk = smallDisk(0);
    const file = rig.open(disk);
    for (let n = 0; n < 10_003; n += 1) file.write(`{"n":${n}}`);
    assert.equal(rig.counted('Lost'), 3);
    disk.room = 1_000_000;
    file.close();
    const numbers = rig.text.trim().split('\n');
    assert.deepEqual([numbers.length, numbers[0], numbers.at(-1)], [10_000, '{"n":0}', '{"n":10002}']);
  });
});
