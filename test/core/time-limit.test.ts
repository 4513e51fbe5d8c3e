import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { withTimeLimit } from '../../src/core/time-limit.ts';
import { FakeClock } from '../asana/fake-clock.ts';

/** Never settles unless it is aborted. */
const hang = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );

suite('work with a time limit', () => {
  test('is aborted with a TimeoutError after its time limit', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const work = withTimeLimit({ clock, ms: 1_000, signal }, hang);
    const outcome = assert.rejects(work, { name: 'TimeoutError', message: 'it took longer than 1000 ms' });
    await clock.advance(1_000);
    await outcome;
  });

  test('is aborted with the reason of the caller', async () => {
    const caller = new AbortController();
    const work = withTimeLimit({ clock: new FakeClock(), ms: 1_000, signal: caller.signal }, hang);
    const reason = new Error('the lease is lost');
    caller.abort(reason);
    await assert.rejects(work, reason);
  });

  test('is not started if the caller has already aborted', async () => {
    let begun = false;
    const options = { clock: new FakeClock(), ms: 1_000, signal: AbortSignal.abort(new Error('gone')) };
    await assert.rejects(
      withTimeLimit(options, async () => {
        begun = true;
      }),
      /gone/,
    );
    assert.equal(begun, false);
  });

  test('leaves neither a timer nor a listener behind', async () => {
    let timers = 0;
    const clock = new FakeClock();
    const schedule = clock.schedule.bind(clock);
    clock.schedule = (ms, callback) => {
      timers += 1;
      const cancel = schedule(ms, callback);
      return () => {
        timers -= 1;
        cancel();
      };
    };
    const caller = new AbortController();
    let listeners = 0;
    const { signal } = caller;
    signal.addEventListener = () => void (listeners += 1);
    signal.removeEventListener = () => void (listeners -= 1);
    assert.equal(await withTimeLimit({ clock, ms: 1_000, signal }, async () => 7), 7);
    assert.deepEqual([timers, listeners], [0, 0]);
  });
});
