import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openLog } from '../../src/commands/connector/connector-log.ts';
import type { Logger } from '../../src/core/logger.ts';
import { FakeClock } from '../asana/fake-clock.ts';

type Options = Partial<Parameters<typeof openLog>[0]>;

/** Returns what the log writes to its two files. */
async function written(options: Options, use: (log: Logger, clock: FakeClock) => Promise<void> | void) {
  const folder = await mkdtemp(join(tmpdir(), 'connector-log-'));
  try {
    const paths = ['first.log', 'second.log'].map((name) => join(folder, name));
    const clock = new FakeClock();
    const base = {
      logLevel: 'debug',
      logLevelDebugExpiresAt: null,
      logFormat: null,
      logPath: paths,
    } as const;
    const log = await openLog({ ...base, ...options }, clock);
    await use(log, clock);
    await log.close();
    return await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the log of the connector', () => {
  it('goes to every path of its list, as JSON', async () => {
    const [first = '', second] = await written({}, (log) => log.info('hello', { count: 1 }));
    assert.equal(first, second);
    assert.partialDeepStrictEqual(JSON.parse(first), { level: 'info', message: 'hello', count: 1 });
  });

  it('names settings by their flags and variables', async () => {
    const [first = ''] = await written({}, (log) => log.warn('no', { remedy: 'see spec.workspaces' }));
    assert.equal(JSON.parse(first).remedy, 'see --workspace-ids (BATON_WORKSPACE_IDS)');
  });

  it('has no debug lines after their expiry, also from a child logger', async () => {
    const expiresAt = new FakeClock().now() + 60_000;
    const [first = ''] = await written({ logLevelDebugExpiresAt: expiresAt }, async (log, clock) => {
      log.child({ a: 1 }).debug('before');
      await clock.advance(60_000);
      log.debug('after');
      log.child({ a: 1 }).debug('after');
      log.info('still');
    });
    assert.deepEqual(
      first
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).message),
      ['before', 'still'],
    );
  });

  it('is rejected with the name of its setting if a path cannot be written', async () => {
    await assert.rejects(
      written({ logPath: ['stderr', '/nowhere/a.log'] }, () => {}),
      {
        message: /^--log-path \(BATON_LOG_PATH\): cannot write \/nowhere\/a\.log/,
      },
    );
  });
});
