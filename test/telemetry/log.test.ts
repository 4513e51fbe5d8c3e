import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';
import type { Logger } from '../../src/core/logger.ts';
import { createLogger, type LogOptions } from '../../src/telemetry/log.ts';

/** Returns the lines that a logger writes. */
async function linesOf(options: Omit<LogOptions, 'stream'>, use: (log: Logger) => void): Promise<string[]> {
  const stream = new PassThrough();
  use(createLogger({ ...options, stream }));
  await new Promise((resolve) => setImmediate(resolve));
  stream.end();
  const text = (await stream.setEncoding('utf8').toArray()).join('');
  return text.split('\n').slice(0, -1);
}

const json = (use: (log: Logger) => void) => linesOf({ level: 'info', format: 'json' }, use);
const console = (use: (log: Logger) => void) => linesOf({ level: 'debug', format: 'console' }, use);

suite('log lines in JSON', () => {
  test('each line is one JSON object with time, level, message and fields', async () => {
    const [line = ''] = await json((log) => log.info('sync begins', { connector: 'iga/acme', count: 3 }));
    const { time, ...rest } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, { level: 'info', message: 'sync begins', connector: 'iga/acme', count: 3 });
  });

  test('a line break in a value does not start a second line', async () => {
    const lines = await json((log) => log.info('a\nb', { name: 'c\n{"level":"error"}' }));
    assert.equal(lines.length, 1);
    assert.equal(JSON.parse(lines[0] ?? '').name, 'c\n{"level":"error"}');
  });

  test('a field does not replace the time, level or message of the line', async () => {
    const [line = ''] = await json((log) =>
      log.warn('real', { message: 'false', level: 'debug', time: 'never', own: 1 }),
    );
    assert.partialDeepStrictEqual(JSON.parse(line), { level: 'warn', message: 'real', own: 1 });
    assert.notEqual(JSON.parse(line).time, 'never');
  });

  test('a message with percent signs keeps its fields', async () => {
    const [line = ''] = await json((log) => log.info('100 %s of %d', { kept: true }));
    assert.partialDeepStrictEqual(JSON.parse(line), { message: '100 %s of %d', kept: true });
  });

  test('messages below the log level are not written', async () => {
    const lines = await json((log) => {
      log.debug('below');
      log.error('above');
    });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).message),
      ['above'],
    );
  });

  test('a child logger adds its fields to every line, and they override those of its parent', async () => {
    const lines = await json((log) => {
      const child = log.child({ a: 1, b: 1 }).child({ b: 2 });
      child.info('one');
      child.info('two', { a: 3 });
    });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ a, b }) => [a, b]),
      [
        [1, 2],
        [3, 2],
      ],
    );
  });

  test('a secret in the message is masked', async () => {
    const [line = ''] = await json((log) => log.info('sent Bearer canary0123'));
    assert.ok(!line.includes('canary'), line);
  });
});

suite('log lines for the console', () => {
  test('a line contains time, level, message and key=value pairs, without color if there is no terminal', async () => {
    const [line = ''] = await console((log) => log.info('sync begins', { connector: 'iga/acme', count: 3 }));
    assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}sync begins connector=iga\/acme count=3$/);
  });

  test('values with spaces are quoted, and nested values are JSON', async () => {
    const [line = ''] = await console((log) =>
      log.info('m', { name: 'Ada Byron', list: [1, 2], none: undefined }),
    );
    assert.ok(line.endsWith('m name="Ada Byron" list=[1,2] none=undefined'), line);
  });

  test('control characters of a value are not written, so it cannot clear the screen or start a line', async () => {
    const lines = await console((log) => log.info('a\nb', { name: '\u001b[2J\u009b31m\u007f\nx' }));
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? '', /\p{Cc}/u);
  });
});
