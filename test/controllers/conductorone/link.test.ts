import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ServiceState } from '../../../src/conductorone/service.ts';
import { ConductorOneLink, type OpenService } from '../../../src/controllers/conductorone/link.ts';
import { CodedError, InvalidInputError } from '../../../src/core/errors.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import { FakeClock } from '../../asana/fake-clock.ts';

const idle: ServiceState = {
  connected: false,
  connectedAt: null,
  lastTaskAt: null,
  lastUploadAt: null,
  lastUploadBytes: null,
  error: null,
};

class Refused extends CodedError {
  constructor() {
    super('CredentialsRejected', 'stalling', 'ConductorOne refuses the credentials.');
  }
}

/** A link, with a log of what happened to its services, in order. */
class Bench {
  changes = 0;
  readonly clock = new FakeClock();
  readonly link = new ConductorOneLink(this.clock, silentLogger, () => (this.changes += 1));
  readonly log: string[] = [];
  /** Makes the service that was started last fail. */
  refuse: () => void = () => {};
  report: (state: ServiceState) => void = () => {};

  async use(fingerprint: string, touched = ''): Promise<void> {
    await this.link.use({ fingerprint, touched }, async (onChange) => {
      this.report = onChange;
      return this.#service(fingerprint);
    });
  }

  #service(name: string): OpenService {
    const ended = Promise.withResolvers<void>();
    this.refuse = () => ended.reject(new Refused());
    return {
      service: {
        run: (signal) => {
          this.log.push(`run ${name}`);
          signal.addEventListener('abort', () => ended.resolve(), { once: true });
          return ended.promise;
        },
        forget: () => this.log.push(`forget ${name}`),
      },
      close: async () => void this.log.push(`close ${name}`),
    };
  }
}

suite('the ConductorOne link of a connector', () => {
  test('runs one service as long as credentials and settings are unchanged', async () => {
    const bench = new Bench();
    await bench.use('a', '1');
    await bench.use('a', '2');
    assert.deepEqual(bench.log, ['run a']);
  });

  test('ends the old service completely before it starts another', async () => {
    const bench = new Bench();
    await bench.use('a');
    await bench.use('b');
    assert.deepEqual(bench.log, ['run a', 'close a', 'forget a', 'run b']);
  });

  test('restarts a refused service as soon as a person has changed something', async () => {
    const bench = new Bench();
    await bench.use('a', '1');
    bench.refuse();
    await new Promise(setImmediate);
    await bench.use('a', '1');
    assert.deepEqual(bench.log, ['run a']);
    await bench.use('a', '2');
    assert.deepEqual(bench.log, ['run a', 'close a', 'forget a', 'run a']);
  });

  test('restarts a refused service five minutes after each refusal, without any change', async () => {
    const bench = new Bench();
    await bench.use('a');
    for (const begun of [1, 2, 3]) {
      bench.refuse();
      await new Promise(setImmediate);
      await bench.clock.advance(299_999);
      await bench.use('a');
      assert.equal(bench.log.filter((line) => line === 'run a').length, begun);
      await bench.clock.advance(1);
      await bench.use('a');
      assert.equal(bench.log.filter((line) => line === 'run a').length, begun + 1);
    }
  });

  test('reports the state of the service', async () => {
    const bench = new Bench();
    const service = () => bench.link.state.service;
    assert.equal(service(), null);
    await bench.use('a');
    bench.report({ ...idle, connected: true, connectedAt: 7 });
    assert.deepEqual([service()?.connectedAt, bench.changes], [7, 1]);
  });

  test('is no longer connected once its service has ended, and keeps connectedAt', async () => {
    const bench = new Bench();
    await bench.use('a');
    bench.report({ ...idle, connected: true, connectedAt: 7 });
    await bench.link.end();
    assert.deepEqual(bench.link.state.service, { ...idle, connectedAt: 7 });
  });

  test('reports malformed credentials as CredentialsRejected', async () => {
    const { link } = new Bench();
    await link.use({ fingerprint: 'a', touched: '' }, () =>
      Promise.reject(new InvalidInputError('client-id', 'must look like this')),
    );
    assert.deepEqual(link.state.obstacle, {
      reason: 'CredentialsRejected',
      message: 'client-id: must look like this',
    });
  });

  test('reports an invalid proxy as Disconnected', async () => {
    const { link } = new Bench();
    await link.use({ fingerprint: 'a', touched: '' }, () =>
      Promise.reject(new InvalidInputError('HTTPS_PROXY', 'must be the URL of an HTTP proxy')),
    );
    assert.equal(link.state.obstacle?.reason, 'Disconnected');
  });

  test('clears an obstacle once a service has started', async () => {
    const bench = new Bench();
    await bench.link.stopFor({ reason: 'SecretNotFound', message: 'm' });
    assert.equal(bench.link.state.obstacle?.reason, 'SecretNotFound');
    await bench.use('a');
    assert.equal(bench.link.state.obstacle, null);
  });

  test('keeps a service running while its Secret is unreadable, and shows that only without a service', async () => {
    const bench = new Bench();
    const unreadable = { reason: 'SecretUnreadable', message: 'm' } as const;
    bench.link.waitFor(unreadable);
    assert.deepEqual(bench.link.state.obstacle, unreadable);
    await bench.use('a');
    bench.link.waitFor(unreadable);
    assert.deepEqual([bench.link.state.obstacle, bench.log], [null, ['run a']]);
  });

  test('rethrows a programming error', async () => {
    const { link } = new Bench();
    await assert.rejects(
      link.use({ fingerprint: 'a', touched: '' }, () => Promise.reject(new TypeError('fault'))),
      TypeError,
    );
  });

  test('starts no service once it is closed, and ends one that was being opened', async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    const opening = Promise.withResolvers<void>();
    const log: string[] = [];
    const using = bench.link.use({ fingerprint: 'a', touched: '' }, async () => {
      opening.resolve();
      await gate.promise;
      const run = (signal: AbortSignal) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return {
        service: { run, forget: () => log.push('forgotten') },
        close: async () => void log.push('closed'),
      };
    });
    await opening.promise;
    await bench.link.close();
    gate.resolve();
    await using;
    assert.deepEqual(log, ['closed', 'forgotten']);
    await bench.use('b');
    assert.deepEqual(bench.log, []);
  });
});
