import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WorkPool } from '../../src/directory/work-pool.ts';

suite('a work pool', () => {
  test('processes all items, including those added meanwhile, and at most three at once', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    const pool = new WorkPool<number>(3, async (item) => {
      running += 1;
      most = Math.max(most, running);
      if (item < 5) pool.add([item + 100]);
      await turn();
      running -= 1;
      done.push(item);
    });
    pool.add([1, 2, 3, 4, 5, 6, 7]);
    await pool.drain();
    assert.equal(done.length, 11);
    assert.equal(most, 3);
  });

  test('drops queued items after a failure, lets running ones end, and rejects drain', async () => {
    const ended: number[] = [];
    const pool = new WorkPool<number>(2, async (item) => {
      if (item === 1) throw new Error('broken');
      await turn();
      ended.push(item);
    });
    pool.add([1, 2, 3, 4, 5]);
    await assert.rejects(pool.drain(), /broken/);
    assert.deepEqual(ended, [2]);
    pool.add([6]);
    await turn();
    assert.deepEqual(ended, [2], 'no item starts after a failure');
  });

  test('cancel returns the number of dropped items', async () => {
    const pool = new WorkPool<number>(1, async () => {
      await turn();
    });
    pool.add([1, 2, 3]);
    assert.equal(pool.cancel(), 2);
    await pool.drain();
  });

  test('accepts more items at once than a call can have arguments', async () => {
    const pool = new WorkPool<number>(1, () => Promise.resolve());
    pool.add(Array.from({ length: 200_000 }, (_, index) => index));
    assert.equal(pool.cancel(), 199_999);
    await pool.drain();
  });

  test('drain resolves at once if the pool is empty', async () => {
    await assert.doesNotReject(new WorkPool<number>(1, () => Promise.resolve()).drain());
  });
});
