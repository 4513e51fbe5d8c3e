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
  test('gives a key once, however often it was added', async () => {
    const { queue } = makeQueue();
    for (let i = 0; i < 10; i++) queue.add('a');
    assert.equal(await takeNow(queue), 'a');
    assert.equal(await takeNow(queue), null);
  });

  test('gives a key again that was added while it was being worked on, and not before', async () => {
    const { queue } = makeQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    assert.equal(await takeNow(queue), null);
    queue.done('a');
    assert.equal(await takeNow(queue), 'a');
  });

  test('gives the higher priority first, and within one the older key', async () => {
    const { queue } = makeQueue();
    for (const key of ['resync-1', 'resync-2']) queue.add(key, { priority: Priority.resync });
    queue.add('edit', { priority: Priority.edit });
    queue.add('resync-3', { priority: Priority.resync });
    queue.add('resync-2', { priority: Priority.edit });
    const order = [await queue.take(), await queue.take(), await queue.take(), await queue.take()];
    assert.deepEqual(order, ['resync-2', 'edit', 'resync-1', 'resync-3']);
  });

  test('keeps the soonest of several delays', async () => {
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

  test('lets an edit overtake a delay', async () => {
    const { clock, queue } = makeQueue();
    queue.add('a', { afterMs: 60_000 });
    queue.add('a', { priority: Priority.edit });
    assert.equal(await takeNow(queue), 'a');
    queue.done('a');
    await clock.advance(120_000);
    assert.equal(await takeNow(queue), null);
  });

  test('backs off longer with each failure, up to five minutes, and anew after it was forgotten', () => {
    const { queue } = makeQueue();
    const delays = Array.from({ length: 15 }, () => queue.addRateLimited('a'));
    assert.deepEqual(delays.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
    assert.ok(delays.every((delay, i) => i === 0 || delay >= (delays[i - 1] ?? 0)));
    assert.equal(delays.at(-1), 300_000);
    queue.forget('a');
    assert.equal(queue.addRateLimited('a'), 1_000);
  });

  test('waits at least as long as the other side asked for', () => {
    const { queue } = makeQueue();
    assert.equal(queue.addRateLimited('a', { atLeastMs: 42_000 }), 42_000);
  });

  test('spreads what was told the same time to come back by up to a quarter, never sooner', () => {
    const clock = new FakeClock();
    const draws = [0, 0.5, 0.999];
    const queue = new WorkQueue('test', { clock, random: () => draws.shift() ?? 0, meter: silentMeter });
    const delays = ['a', 'b', 'c'].map((key) => queue.addRateLimited(key, { atLeastMs: 40_000 }));
    assert.deepEqual(
      delays.map((ms) => Math.round(ms / 100)),
      [400, 450, 500],
    );
  });

  test('raises a key that waits when it is wanted later, but more', async () => {
    const { queue } = makeQueue();
    queue.add('change');
    queue.add('resync', { priority: Priority.resync });
    queue.add('resync', { priority: Priority.edit, afterMs: 5_000 });
    assert.equal(await takeNow(queue), 'resync');
  });

  test('spreads what failed together by up to a quarter', () => {
    const clock = new FakeClock();
    const queue = new WorkQueue('test', { clock, random: () => 0.999, meter: silentMeter });
    assert.ok(Math.abs(queue.addRateLimited('a') - 1_250) < 1);
  });

  test('brings a key that failed back with the priority it was taken with', async () => {
    const { clock, queue } = makeQueue();
    queue.add('edit', { priority: Priority.edit });
    queue.addRateLimited((await queue.take()) as string);
    queue.done('edit');
    queue.add('change', { priority: Priority.change, afterMs: 500 });
    await clock.advance(2_000);
    assert.deepEqual([await queue.take(), await queue.take()], ['edit', 'change']);
  });

  test('keeps the highest priority of a delay that was asked for twice', async () => {
    const { clock, queue } = makeQueue();
    queue.add('a', { priority: Priority.edit, afterMs: 5_000 });
    queue.add('a', { priority: Priority.resync, afterMs: 1_000 });
    queue.add('b', { priority: Priority.change, afterMs: 1_000 });
    await clock.advance(1_000);
    assert.deepEqual([await queue.take(), await queue.take()], ['a', 'b']);
  });

  test('knows how long the key longest in work has been there', async () => {
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

  test('leaves no timer when it is shut', () => {
    const { clock, queue } = makeQueue();
    for (let i = 0; i < 10; i++) queue.add(`k${i}`, { afterMs: 1_000 * i });
    queue.shutDown();
    assert.equal(clock.pending, 0);
  });

  test('gives ten thousand keys out in the order of their priorities, quickly', async () => {
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

  test('gives out nothing after it was shut', async () => {
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
