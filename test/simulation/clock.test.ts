import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EPOCH, ProcessClock, SimulatedClock } from './clock.ts';

test('timers fire in the order of their times, and those of the same time in the order they were set', async () => {
  const clock = new SimulatedClock();
  const rung: string[] = [];
  for (const [ms, name] of [
    [20, 'c'],
    [10, 'a'],
    [20, 'd'],
    [10, 'b'],
    [0, 'first'],
  ] as const)
    clock.schedule(ms, () => rung.push(`${name} ${clock.monotonic()}`));
  await clock.advance(20);
  assert.deepEqual(rung, ['first 0', 'a 10', 'b 10', 'c 20', 'd 20']);
});

test('work that a timer starts ends before the next timer fires, even if it takes turns of the event loop', async () => {
  const clock = new SimulatedClock();
  const seen: string[] = [];
  const work = async () => {
    await nextTurn();
    await nextTurn();
    seen.push('work done');
  };
  clock.schedule(1, () => void work());
  clock.schedule(2, () => seen.push('second timer'));
  await clock.advance(5);
  assert.deepEqual(seen, ['work done', 'second timer']);
});

test('a cancelled timer does not fire, even if a timer of the same instant cancels it', async () => {
  const clock = new SimulatedClock();
  let rung = false;
  clock.schedule(5, () => cancel());
  const cancel = clock.schedule(5, () => {
    rung = true;
  });
  await clock.advance(10);
  assert.equal(rung, false);
});

test('a jump moves the wall clock and no timer', async () => {
  const clock = new SimulatedClock();
  let rung = false;
  clock.schedule(60_000, () => {
    rung = true;
  });
  clock.jump(3_600_000);
  await clock.advance(1_000);
  assert.equal(clock.now(), EPOCH + 3_601_000);
  assert.equal(clock.monotonic(), 1_000);
  assert.equal(rung, false);
});

test('a sleep rejects with the reason of its signal if that aborts first', async () => {
  const clock = new SimulatedClock();
  const abort = new AbortController();
  const sleep = clock.sleep(1_000, abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(sleep, /enough/);
});

test('no timer of a killed process fires', async () => {
  const world = new SimulatedClock();
  const clock = new ProcessClock(world);
  let rung = false;
  clock.schedule(10, () => {
    rung = true;
  });
  clock.kill();
  await world.advance(20);
  assert.equal(rung, false);
});
