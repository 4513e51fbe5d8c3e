import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from './fake-clock.ts';

suite('the fake clock', () => {
  test('rejects a sleep whose signal is already aborted, and sets no alarm', async () => {
    const clock = new FakeClock();
    await assert.rejects(clock.sleep(1000, AbortSignal.abort(new Error('stopped'))), /stopped/);
    assert.equal(clock.pending, 0);
  });

  test('rejects a sleep when its signal aborts, and leaves no alarm behind', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const asleep = clock.sleep(1000, abort.signal);
    abort.abort(new Error('stopped'));
    await assert.rejects(asleep, /stopped/);
    assert.equal(clock.pending, 0);
  });
});
