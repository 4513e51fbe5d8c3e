import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { ConductorOneError } from '../../src/conductorone/errors.ts';
import {
  type HeartbeatClient,
  type HeartbeatOptions,
  withHeartbeats,
} from '../../src/conductorone/heartbeat.ts';
import { StoppedError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { FakeClock, settle } from '../asana/fake-clock.ts';
import { never } from './serving.ts';

type Answer = Awaited<ReturnType<HeartbeatClient['heartbeat']>> | Error;

/** Starts work that lasts until its signal aborts or `finish` is called; returns its heartbeats and its result. */
function start(answer: (count: number) => Answer, overrides: Partial<HeartbeatOptions> = {}) {
  const clock = new FakeClock();
  const beats: number[] = [];
  /** The signal of the work, once it has begun. */
  const works: AbortSignal[] = [];
  const done = Promise.withResolvers<string>();
  const client: HeartbeatClient = {
    heartbeat: async () => {
      beats.push(clock.monotonic());
      const reply = answer(beats.length);
      if (reply instanceof Error) throw reply;
      return reply;
    },
  };
  const end = withHeartbeats(
    {
      client,
      taskId: 'x',
      first: undefined,
      optional: false,
      clock,
      log: silentLogger,
      signal: new AbortController().signal,
      ...overrides,
    },
    (signal) => {
      works.push(signal);
      return Promise.race([done.promise, never(signal)]);
    },
  );
  end.catch(() => {});
  return { clock, beats, works, end, finish: done.resolve };
}

const fine = { cancelled: false };
const lost = new ConductorOneError('Disconnected', 'no');
const refused = new ConductorOneError('ConductorOneRefused', 'no');

suite('heartbeats', () => {
  test('are sent as often as the server requests, and stop when the work ends', async () => {
    const { clock, beats, end, finish } = start(() => ({ ...fine, nextHeartbeat: durationFromMs(10_000) }), {
      first: durationFromMs(2000),
    });
    await clock.advance(25_000);
    assert.deepEqual(beats, [2000, 12_000, 22_000]);
    finish('uploaded');
    assert.equal(await end, 'uploaded');
    assert.equal(clock.pending, 0, 'no timer is left');
    await clock.advance(60_000);
    assert.equal(beats.length, 3);
  });

  test('stop the work if they report that the task is canceled', async () => {
    const { clock, end } = start((count) => ({ cancelled: count === 2 }));
    await clock.advance(60_000);
    await assert.rejects(
      end,
      (error) => error instanceof StoppedError && /ConductorOne canceled/.test(error.message),
    );
    assert.equal(clock.pending, 0);
  });

  test('stop the work after ten consecutive failures, but not after nine', async () => {
    const { clock, beats, end } = start((count) => (count === 10 ? fine : lost));
    await clock.advance(10 * 30_000);
    assert.equal(beats.length, 10);
    await clock.advance(9 * 30_000);
    assert.equal(await Promise.race([end, settle().then(() => 'goes on')]), 'goes on');
    await clock.advance(30_000);
    await assert.rejects(end, /10 heartbeats of the task in a row have failed/);
  });

  test('of a change in Asana do not stop it, regardless of how often they fail', async () => {
    const { clock, beats, end, finish } = start(() => lost, { optional: true });
    await clock.advance(30 * 30_000);
    assert.equal(beats.length, 30);
    finish('changed');
    assert.equal(await end, 'changed');
  });

  test('of a change in Asana end, but do not stop it, if they report that the task is canceled', async () => {
    const { clock, beats, end, finish } = start(() => ({ cancelled: true }), { optional: true });
    await clock.advance(10 * 30_000);
    assert.equal(beats.length, 1);
    finish('changed');
    assert.equal(await end, 'changed');
  });

  test('of a change in Asana end, but do not stop it, if the server refuses them', async () => {
    const { clock, beats, end, finish } = start(() => refused, { optional: true });
    await clock.advance(10 * 30_000);
    assert.equal(beats.length, 1);
    finish('changed');
    assert.equal(await end, 'changed');
  });

  test('end with the reason of the outer signal, which also aborts a heartbeat in progress', async () => {
    const abort = new AbortController();
    let underWay: AbortSignal | null = null;
    const { clock, end } = start(() => fine, {
      signal: abort.signal,
      client: {
        heartbeat: (_, signal) => {
          underWay = signal;
          return never(signal);
        },
      },
    });
    await clock.advance(30_000);
    abort.abort(new Error('the lease is lost'));
    await assert.rejects(end, /the lease is lost/);
    assert.equal((underWay as AbortSignal | null)?.aborted, true);
  });

  test('are not sent, and the work does not begin, if the outer signal is already aborted', async () => {
    const signal = AbortSignal.abort(new Error('the lease is lost'));
    const { end, beats, works } = start(() => fine, { signal });
    await assert.rejects(end, /the lease is lost/);
    assert.deepEqual([beats, works], [[], []]);
  });
});
