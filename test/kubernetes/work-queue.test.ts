import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { silentMeter } from '../../src/core/meter.ts';
import { Priority, WorkQueue } from '../../src/kubernetes/work-queue.ts';
import { FakeClock } from '../asana/fake-clock.ts';

function makeQueue(): { clock: FakeClock; queue: WorkQueue } {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue('test', { clock, random: () => 0, meter: silentMeter }) };
}

/** Returns the key that is ready now; `null` if there is none. */
async function takeNow(queue: WorkQueue): Promise<string | null> {
  return queue.depth === 0 ? null : queue.take();
}

suite('a work queue', () => {
  test('hands out a key once, however often it was added', async () => {
    const { queue } = makeQueue();
    for (let i = 0; i < 10; i++) queue.add('a');
    assert.equal(await takeNow(queue), 'a');
    assert.equal(await takeNow(queue), null);
  });

  test('hands out again a key that was added while it was in progress, once it is done', async () => {
    const { queue } = makeQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    assert.equal(await takeNow(queue), null);
    queue.done('a');
    assert.equal(await takeNow(queue), 'a');
  });

  test('hands out the higher priority first, and within a priority the older key', async () => {
    const { queue } = makeQueue();
    for (const key of ['resync-1', 'resync-2']) queue.add(key, { priority: Priority.resync });
    queue.add('edit', { priority: Priority.edit });
    queue.add('resync-3', { priority: Priority.resync });
    queue.add('resync-2', { priority: Priority.edit });
    const order = [await queue.take(), await queue.take(), await queue.take(), await queue.take()];
    assert.deepEqual(order, ['resync-2', 'edit', 'resync-1', 'resync-3']);
  });

  test('keeps the shortest of several delays', async () => {
    const { clock, queue } = makeQueue();
    queue.add('a', { afterMs: 5_000 });
    queue.add('a', { afterMs: 1_000 });
    queue.add('a', { afterMs: 9_000 });
    await clock.advance(999);
    assert.equal(await takeNow(queue), null);
    await clock.advance(1);
    assert.equal(await takeNow(queue), 'a');
    queue.done('a');
    await clock.advance(60_000);
    assert.equal(await takeNow(queue), null, 'the later delays are gone');
  });

  test('hands out an edit at once although its key has a delay', async () => {
    const { clock, queue } = makeQueue();
    queue.add('a', { afterMs: 60_000 });
    queue.add('a', { priority: Priority.edit });
    assert.equal(await takeNow(queue), 'a');
    queue.done('a');
    await clock.advance(120_000);
    assert.equal(await takeNow(queue), null);
  });

  test('increases the backoff with each failure up to five minutes, and resets it on forget', () => {
    const { queue } = makeQueue();
    const delays = Array.from({ length: 15 }, () => queue.addRateLimited('a'));
    assert.deepEqual(delays.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
    assert.ok(delays.every((delay, i) => i === 0 || delay >= (delays[i - 1] ?? 0)));
    assert.equal(delays.at(-1), 300_000);
    queue.forget('a');
    assert.equal(queue.addRateLimited('a'), 1_000);
  });

  test('backs off for at least atLeastMs', () => {
    const { queue } = makeQueue();
    assert.equal(queue.addRateLimited('a', { atLeastMs: 42_000 }), 42_000);
  });

  test('adds jitter of up to a quarter to equal delays, and never shortens them', () => {
    const clock = new FakeClock();
    const draws = [0, 0.5, 0.999];
    const queue = new WorkQueue('test', { clock, random: () => draws.shift() ?? 0, meter: silentMeter });
    const delays = ['a', 'b', 'c'].map((key) => queue.addRateLimited(key, { atLeastMs: 40_000 }));
    assert.deepEqual(
      delays.map((ms) => Math.round(ms / 100)),
      [400, 450, 500],
    );
  });

  test('raises the priority of a ready key that is added again with a delay', async () => {
    const { queue } = makeQueue();
    queue.add('change');
    queue.add('resync', { priority: Priority.resync });
    queue.add('resync', { priority: Priority.edit, afterMs: 5_000 });
    assert.equal(await takeNow(queue), 'resync');
  });

  test('adds jitter of up to a quarter to the backoff', () => {
    const clock = new FakeClock();
    const queue = new WorkQueue('test', { clock, random: () => 0.999, meter: silentMeter });
    assert.ok(Math.abs(queue.addRateLimited('a') - 1_250) < 1);
  });

  test('retries a failed key with the priority that it had when it was taken', async () => {
    const { clock, queue } = makeQueue();
    queue.add('edit', { priority: Priority.edit });
    queue.addRateLimited((await queue.take()) as string);
    queue.done('edit');
    queue.add('change', { priority: Priority.change, afterMs: 500 });
    await clock.advance(2_000);
    assert.deepEqual([await queue.take(), await queue.take()], ['edit', 'change']);
  });

  test('keeps the highest priority of a key that was added with two delays', async () => {
    const { clock, queue } = makeQueue();
    queue.add('a', { priority: Priority.edit, afterMs: 5_000 });
    queue.add('a', { priority: Priority.resync, afterMs: 1_000 });
    queue.add('b', { priority: Priority.change, afterMs: 1_000 });
    await clock.advance(1_000);
    assert.deepEqual([await queue.take(), await queue.take()], ['a', 'b']);
  });

  test('reports how long the longest-running key has been in progress', async () => {
    const { clock, queue } = makeQueue();
    assert.equal(queue.longestRunningSeconds(), 0);
    queue.add('a');
    queue.add('b');
    await queue.take();
    await clock.advance(3_000);
    await queue.take();
    await clock.advance(2_000);
    assert.equal(queue.longestRunningSeconds(), 5);
    assert.deepEqual(queue.working, ['a', 'b']);
    queue.done('a');
    assert.equal(queue.longestRunningSeconds(), 2);
  });

  test('leaves no timer after shutdown', () => {
    const { clock, queue } = makeQueue();
    for (let i = 0; i < 10; i++) queue.add(`k${i}`, { afterMs: 1_000 * i });
    queue.shutDown();
    assert.equal(clock.pending, 0);
  });

  test('hands out ten thousand keys in the order of their priorities within two seconds', async () => {
    const { queue } = makeQueue();
    const begun = performance.now();
    for (let i = 0; i < 10_000; i++) queue.add(`k${i}`, { priority: i % 7 });
    const priorities: number[] = [];
    for (let i = 0; i < 10_000; i++) priorities.push(Number((await queue.take())?.slice(1)) % 7);
    assert.deepEqual(
      priorities,
      priorities.toSorted((a, b) => b - a),
    );
    assert.ok(performance.now() - begun < 2_000, `it took ${performance.now() - begun} ms`);
  });

  test('hands out nothing after shutdown', async () => {
    const { queue } = makeQueue();
    queue.add('a');
    await queue.take();
    const waiting = queue.take();
    queue.shutDown();
    queue.add('b');
    assert.equal(await waiting, null);
    assert.equal(await queue.take(), null);
    queue.done('a');
    assert.equal(await queue.take(), null);
  });
});
