import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CodedError, type CodedErrorOptions, type ErrorClass, StoppedError } from '../../src/core/errors.ts';
import type { LogFields, Logger } from '../../src/core/logger.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Meter } from '../../src/core/meter.ts';
import { Controller, type Reconcile } from '../../src/kubernetes/controller.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import { type AddOptions, Priority, WorkQueue } from '../../src/kubernetes/work-queue.ts';
import { FakeClock, settle } from '../asana/fake-clock.ts';
import { RecordingTracer } from '../core/recording-tracer.ts';

class Failure extends CodedError {
  constructor(errorClass: ErrorClass, options: CodedErrorOptions = {}) {
    super('Failure', errorClass, `a ${errorClass} failure`, options);
  }
}

/** A controller on a fake clock, with a record of when each key was reconciled. */
class Bench {
  readonly clock = new FakeClock();
  readonly runs: { key: string; at: number }[] = [];
  readonly results: string[] = [];
  readonly errors: { message: string; fields: LogFields }[] = [];
  readonly warnings: string[] = [];
  readonly tracer = new RecordingTracer();
  readonly queue: WorkQueue;
  readonly controller: Controller;

  constructor(reconcile: Reconcile, options: { concurrency?: number; timeoutMs?: number } = {}) {
    const { clock } = this;
    const results = this.results;
    const meter: Meter = {
      counter: (name) => ({
        add: (_amount, labels) => {
          if (name === 'reconcile_total') results.push(labels?.['result'] ?? '');
        },
      }),
      gauge: () => ({ set: () => {}, remove: () => {} }),
      histogram: () => ({ observe: () => {} }),
      forget: () => {},
    };
    this.queue = new WorkQueue('test', { clock, random: () => 0, meter });
    this.controller = new Controller({
      name: 'test',
      queue: this.queue,
      concurrency: 1,
      clock,
      meter,
      log: this.#recordingLog({}),
      tracer: this.tracer,
      ...options,
      reconcile: async (key, context) => {
        this.runs.push({ key, at: clock.monotonic() });
        return reconcile(key, context);
      },
    });
    this.controller.start();
  }

  /** Adds a key, and lets a free worker start on it. */
  async add(key: string, options: AddOptions = {}): Promise<void> {
    this.queue.add(key, options);
    await settle();
  }

  get times(): number[] {
    return this.runs.map(({ at }) => at);
  }

  #recordingLog(bound: LogFields): Logger {
    return {
      ...silentLogger,
      warn: (message) => this.warnings.push(message),
      error: (message, fields) => this.errors.push({ message, fields: { ...bound, ...fields } }),
      child: (fields) => this.#recordingLog({ ...bound, ...fields }),
    };
  }
}

/** Returns a reconcile that throws the given failures in order, then succeeds. */
function failing(...failures: unknown[]): Reconcile {
  const left = [...failures];
  return () => {
    const failure = left.shift();
    // oxlint-disable-next-line typescript/only-throw-error -- what is not an error is thrown too
    if (failure !== undefined) throw failure;
    return Promise.resolve();
  };
}

const conflict = () => new KubernetesError('Conflict', 409, 'transient', 'conflict');
const notFound = () => new KubernetesError('NotFound', 404, 'transient', 'not found');

suite('a controller with a thousand keys that need no work', () => {
  test('yields to the event loop before it has reconciled a hundred of them', async () => {
    const bench = new Bench(async () => {}, { concurrency: 5 });
    let now = 0;
    // Each reading of the clock advances it by a millisecond, so that a reconcile takes time.
    bench.clock.monotonic = () => (now += 1);
    const done = Promise.withResolvers<void>();
    for (let index = 0; index < 1_000; index += 1) bench.queue.add(`ns/k${index}`);
    let letIn = 0;
    setImmediate(() => {
      letIn = bench.runs.length;
      done.resolve();
    });
    await done.promise;
    assert.ok(letIn < 100, `after ${letIn} of 1,000`);
    await bench.controller.stop(0);
  });
});

suite('a controller', () => {
  const outcomes = [
    {
      because: 'a transient failure is retried after a backoff that doubles',
      failures: [new Failure('transient'), new Failure('transient'), new Failure('transient')],
      times: [0, 1_000, 3_000, 7_000],
      results: ['error', 'error', 'error', 'success'],
    },
    {
      because: 'an unexpected exception, or a thrown string, is retried like a transient failure',
      failures: [new TypeError('x is undefined'), 'a string'],
      times: [0, 1_000, 3_000],
      results: ['error', 'error', 'success'],
    },
    {
      because: 'a stalling failure is retried only when something changes',
      failures: [new Failure('stalling')],
      times: [0],
      results: ['stalled'],
    },
    {
      because: 'a waiting failure is retried after its retryAfterMs each time, without a backoff',
      failures: [1, 2, 3].map(() => new Failure('waiting', { retryAfterMs: 20_000 })),
      times: [0, 20_000, 40_000, 60_000],
      results: ['waiting', 'waiting', 'waiting', 'success'],
    },
    {
      because: 'a waiting failure without retryAfterMs is retried only when something changes',
      failures: [new Failure('waiting')],
      times: [0],
      results: ['waiting'],
    },
    {
      because: 'a waiting failure with retryAfterMs 0 is retried after a second, not in a busy loop',
      failures: [new Failure('waiting', { retryAfterMs: 0 })],
      times: [0, 1_000],
      results: ['waiting', 'success'],
    },
    {
      because: 'a retryAfterMs that is longer than the backoff takes precedence',
      failures: [new Failure('transient', { retryAfterMs: 30_000 })],
      times: [0, 30_000],
      results: ['error', 'success'],
    },
    {
      because: 'a conflict is retried after 50 ms, and the delay doubles while it persists',
      failures: [conflict(), conflict(), conflict()],
      times: [0, 50, 150, 350],
      results: ['conflict', 'conflict', 'conflict', 'success'],
    },
    {
      because: 'NotFound is retried after 50 ms, since the cache may be outdated',
      failures: [notFound()],
      times: [0, 50],
      results: ['not_found', 'success'],
    },
  ];
  for (const { because, failures, times, results } of outcomes) {
    test(`decides when to retry: ${because}`, async () => {
      const bench = new Bench(failing(...failures));
      await bench.add('ns/a');
      await bench.clock.advance(600_000);
      assert.deepEqual(bench.times, times);
      assert.deepEqual(bench.results, results);
      await bench.add('ns/a');
      assert.deepEqual(bench.times, [...times, 600_000], 'a change is reconciled at once');
      await bench.controller.stop(0);
    });
  }

  test('logs a transient failure as an error with its reconcileID, but no conflict and no NotFound', async () => {
    const bench = new Bench(failing(conflict(), notFound(), new Failure('transient')));
    await bench.add('ns/a');
    await bench.clock.advance(60_000);
    assert.equal(bench.errors.length, 1);
    const { message, fields } = bench.errors[0] as (typeof bench.errors)[0];
    assert.equal(message, 'reconcile failed');
    assert.deepEqual([fields['namespace'], fields['name'], fields['controller']], ['ns', 'a', 'test']);
    assert.match(String(fields['reconcileID']), /^[0-9a-f-]{36}$/);
    await bench.controller.stop(0);
  });

  test('records one trace per reconcile with its result, and the error of a stalling failure', async () => {
    const failure = new Failure('stalling');
    const bench = new Bench(failing(conflict(), new Failure('waiting', { retryAfterMs: 1_000 }), failure));
    await bench.add('ns/a');
    await bench.clock.advance(60_000);
    const { spans } = bench.tracer;
    assert.deepEqual(
      spans.map(({ name, kind, fields, errors }) => [name, kind, fields['result'], ...errors]),
      [
        ['reconcile test', 'Trace', 'conflict'],
        ['reconcile test', 'Trace', 'waiting'],
        ['reconcile test', 'Trace', 'stalled', failure],
      ],
    );
    const { controller, namespace, name, reconcileID } = spans[2]?.fields ?? {};
    assert.deepEqual([controller, namespace, name], ['test', 'ns', 'a']);
    assert.equal(reconcileID, bench.errors[0]?.fields['reconcileID']);
    await bench.controller.stop(0);
  });

  test('retries fewer than 30 times during a minute of conflicts, and recovers within seconds', async () => {
    const bench = new Bench(() => {
      if (bench.clock.monotonic() < 60_000) throw conflict();
      return Promise.resolve();
    });
    await bench.add('ns/a');
    await bench.clock.advance(70_000);
    assert.equal(bench.results.at(-1), 'success');
    assert.ok(bench.runs.length < 30, `${bench.runs.length} tries`);
    assert.ok((bench.times.at(-1) ?? 0) < 66_000);
    await bench.controller.stop(0);
  });

  test('warns that the cached object is outdated if NotFound persists for half a minute', async () => {
    const bench = new Bench(() => Promise.reject(notFound()));
    await bench.add('ns/a');
    await bench.clock.advance(3_000);
    assert.equal(bench.warnings.length, 0);
    await bench.clock.advance(30_000);
    assert.ok(bench.warnings.includes('the cached object is outdated'));
    await bench.controller.stop(0);
  });

  test('starts again at the first backoff after a success', async () => {
    const bench = new Bench(
      failing(new Failure('transient'), new Failure('transient'), undefined, new Failure('transient')),
    );
    await bench.add('ns/a');
    await bench.clock.advance(10_000);
    await bench.add('ns/a');
    await bench.clock.advance(10_000);
    assert.deepEqual(bench.times, [0, 1_000, 3_000, 10_000, 11_000]);
    await bench.controller.stop(0);
  });

  test('reconciles a key again after its requeueAfterMs, and not earlier', async () => {
    const bench = new Bench(() => Promise.resolve({ requeueAfterMs: 5_000 }));
    await bench.add('ns/a');
    await bench.clock.advance(11_000);
    assert.deepEqual(bench.times, [0, 5_000, 10_000]);
    await bench.controller.stop(0);
  });

  test('retries a failed edit before waiting keys of lower priority', async () => {
    const gate = Promise.withResolvers<void>();
    let failed = false;
    const bench = new Bench(async (key) => {
      if (key === 'ns/gate') await gate.promise;
      if (key === 'ns/edit' && !failed) {
        failed = true;
        throw new Failure('transient');
      }
    });
    await bench.add('ns/edit', { priority: Priority.edit });
    await bench.add('ns/gate');
    for (let i = 0; i < 5; i++) await bench.add(`ns/${i}`, { priority: Priority.change });
    await bench.clock.advance(2_000);
    gate.resolve();
    await settle();
    // The worker yields to the event loop once before it takes the next key.
    await settle();
    assert.deepEqual(bench.runs.map(({ key }) => key).slice(0, 3), ['ns/edit', 'ns/gate', 'ns/edit']);
    await bench.controller.stop(0);
  });

  test('runs as many reconciles at once as its concurrency allows, and never two of one key', async () => {
    let [now, most] = [0, 0];
    const under = new Set<string>();
    const bench = new Bench(
      async (key) => {
        assert.ok(!under.has(key), `${key} is reconciled twice at once`);
        under.add(key);
        most = Math.max(most, ++now);
        await bench.clock.sleep(100);
        under.delete(key);
        now -= 1;
      },
      { concurrency: 3 },
    );
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) await bench.add(`ns/${i}`);
      await bench.clock.advance(150);
    }
    await bench.clock.advance(5_000);
    assert.equal(most, 3);
    assert.ok(bench.results.every((result) => result === 'success'));
    await bench.controller.stop(0);
  });

  test('aborts a reconcile that exceeds the timeout, and retries it', async () => {
    const bench = new Bench(
      async (_key, { signal }) => {
        if (bench.runs.length === 1) await bench.clock.sleep(1e9, signal);
      },
      { timeoutMs: 10_000 },
    );
    await bench.add('ns/a');
    await bench.clock.advance(60_000);
    assert.deepEqual(bench.times, [0, 11_000]);
    assert.deepEqual(bench.results, ['error', 'success']);
    await bench.controller.stop(0);
  });
});

suite('a controller that stops', () => {
  test('finishes the reconcile in progress, and starts no other', async () => {
    const bench = new Bench(() => bench.clock.sleep(3_000));
    await bench.add('ns/a');
    await bench.add('ns/b');
    const stopped = bench.controller.stop(10_000);
    await bench.clock.advance(3_000);
    await stopped;
    assert.deepEqual(
      bench.runs.map(({ key }) => key),
      ['ns/a'],
    );
    assert.deepEqual(bench.results, ['success']);
    assert.equal(bench.clock.pending, 0, 'no timer is left');
  });

  test('aborts a reconcile that exceeds the grace period, without logging an error', async () => {
    const bench = new Bench((_key, { signal }) => bench.clock.sleep(1e9, signal));
    await bench.add('ns/a');
    const stopped = bench.controller.stop(10_000);
    await bench.clock.advance(10_000);
    await stopped;
    assert.deepEqual(bench.results, ['stopped']);
    assert.deepEqual(bench.errors, []);
    assert.equal(bench.clock.pending, 0, 'no timer is left');
  });

  test('logs the keys of reconciles that ignore the abort, and stops without them', async () => {
    const bench = new Bench(() => new Promise<void>(() => {}));
    await bench.add('ns/deaf');
    const stopped = bench.controller.stop(10_000);
    await bench.clock.advance(15_000);
    await stopped;
    assert.deepEqual(
      bench.errors.map(({ fields }) => fields['keys']),
      [['ns/deaf']],
    );
  });

  test('aborts the signal of a reconcile with a StoppedError', async () => {
    let reason: unknown;
    const bench = new Bench(async (_key, { signal }) => {
      await bench.clock.sleep(1e9, signal).catch(() => {});
      reason = signal.reason;
    });
    await bench.add('ns/a');
    const stopped = bench.controller.stop(0);
    await bench.clock.advance(1);
    await stopped;
    assert.ok(reason instanceof StoppedError);
  });
});
