import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unlessAborted } from '../../src/core/abort.ts';

/** Returns the unhandled rejections during `run`. */
async function unheardDuring(run: () => Promise<void>): Promise<unknown[]> {
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => unheard.push(reason);
  process.prependListener('unhandledRejection', hear);
  try {
    await run();
    await nextTurn();
    return unheard;
  } finally {
    process.removeListener('unhandledRejection', hear);
  }
}

suite('work that is awaited unless a signal aborts', () => {
  test('returns its result, and leaves no listener on the signal', async () => {
    const signal = new AbortController().signal;
    let listeners = 0;
    signal.addEventListener = () => {
      listeners += 1;
    };
    signal.removeEventListener = () => {
      listeners -= 1;
    };
    assert.equal(await unlessAborted(Promise.resolve(7), signal), 7);
    assert.equal(listeners, 0);
  });

  test('returns its result if there is no signal', async () => {
    assert.equal(await unlessAborted(Promise.resolve(7), undefined), 7);
  });

  test('is rejected with the reason of the signal as soon as it aborts, even if the work continues', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const waited = unlessAborted(new Promise(() => {}), controller.signal);
    controller.abort(reason);
    await assert.rejects(waited, reason);
  });

  for (const when of ['before', 'after'] as const) {
    test(`causes no unhandled rejection if it fails after an abort that came ${when} the call`, async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const work = Promise.withResolvers<never>();
      const unheard = await unheardDuring(async () => {
        if (when === 'before') controller.abort(reason);
        const waited = unlessAborted(work.promise, controller.signal);
        controller.abort(reason);
        await assert.rejects(waited, reason);
        work.reject(new Error('failed late'));
      });
      assert.deepEqual(unheard, []);
    });
  }
});
