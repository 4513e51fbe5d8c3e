import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FreshReading } from '../../src/directory/reader.ts';
import { ALICE, BOB, type ExecutorRig, setUp } from './executor-rig.ts';

/** Returns a guard that passes its first `allowed` checks before a request, then throws. */
function guardAfter(allowed: number): { guard: (stage: 'Begin' | 'Send') => void; asked: () => number } {
  let asked = 0;
  const guard = (stage: 'Begin' | 'Send') => {
    if (stage === 'Begin') return;
    asked += 1;
    if (asked > allowed) throw new Error('suspended meanwhile');
  };
  return { guard, asked: () => asked };
}

const sentIn = ({ steps }: ExecutorRig) => steps.filter((step) => step === 'scimPatchUser').length;

suite('the guard', () => {
  test('is evaluated again before each retry', async (t) => {
    const rig = await setUp(t);
    const { guard, asked } = guardAfter(9);
    rig.fault({ operation: 'scimPatchUser', times: 2 }, { status: 503 });
    assert.equal((await rig.execute('GrantEnterprise', ALICE, { guard })).kind, 'Succeeded');
    assert.equal(sentIn(rig), 3);
    assert.equal(asked(), 3, 'once for each request');
  });

  test('is evaluated again after Retry-After, and can stop the request then', async (t) => {
    const rig = await setUp(t);
    const { guard, asked } = guardAfter(1);
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 2 });
    await assert.rejects(rig.execute('RevokeEnterprise', BOB, { guard }), /suspended meanwhile/);
    assert.equal(rig.license(BOB), 'enterprise');
    assert.deepEqual([sentIn(rig), asked()], [1, 2]);
    assert.deepEqual(rig.results, ['Unknown'], 'the request that was sent is reported once');
  });

  test('writes no audit line and no metric if it stops an action before its first request', async (t) => {
    const rig = await setUp(t);
    const { guard } = guardAfter(0);
    await assert.rejects(rig.execute('RevokeEnterprise', BOB, { guard }), /suspended meanwhile/);
    assert.deepEqual([sentIn(rig), rig.results, rig.meter.values.size], [0, [], 0]);
  });

  test('can be asynchronous, and the request waits for it', async (t) => {
    const rig = await setUp(t);
    let isOpen = false;
    const guard = async (stage: 'Begin' | 'Send') => {
      if (stage === 'Begin') return;
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(sentIn(rig), 0);
      isOpen = true;
    };
    await rig.execute('GrantEnterprise', ALICE, { guard });
    assert.ok(isOpen);
    assert.equal(rig.license(ALICE), 'enterprise');
  });

  test('is not evaluated before a read, so a change that was sent can always be read back', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 3_600_000 });
    const { guard, asked } = guardAfter(1);
    const outcome = await rig.execute('GrantEnterprise', ALICE, { guard });
    assert.ok(outcome.kind === 'Unconfirmed');
    assert.equal((await rig.verify('GrantEnterprise', ALICE, outcome.id)).kind, 'Unconfirmed');
    assert.equal(asked(), 1);
  });
});

suite('changes of the same person', () => {
  test('are made one at a time, and the second is decided on the result of the first', async (t) => {
    const rig = await setUp(t);
    const wanted = { confirm: ({ account }: FreshReading) => account?.license === 'ViewOnly' };
    const outcomes = await Promise.all([
      rig.execute('GrantEnterprise', ALICE, wanted),
      rig.execute('GrantEnterprise', ALICE, wanted),
    ]);
    assert.deepEqual([outcomes.map(({ kind }) => kind), sentIn(rig)], [['Succeeded', 'Overtaken'], 1]);
  });

  test('continue with the next one if one fails', async (t) => {
    const rig = await setUp(t);
    const refuse = () => {
      throw new Error('suspended meanwhile');
    };
    const [first, second] = await Promise.allSettled([
      rig.execute('GrantEnterprise', ALICE, { guard: refuse }),
      rig.execute('GrantEnterprise', ALICE),
    ]);
    assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled']);
  });

  test('keep their order if one that waits is aborted, which ends at once', async (t) => {
    const rig = await setUp(t);
    const goOn = Promise.withResolvers<void>();
    const slow = async () => {
      await goOn.promise;
      return true;
    };
    const edited = new AbortController();
    const first = rig.execute('GrantEnterprise', ALICE, { confirm: slow });
    const second = rig.executor.execute(rig.request('GrantEnterprise', ALICE, edited.signal), rig.hooks());
    const third = rig.execute('RevokeEnterprise', ALICE);
    edited.abort(new Error('edited meanwhile'));
    await assert.rejects(second, /edited meanwhile/);
    assert.equal(sentIn(rig), 0);
    goOn.resolve();
    assert.deepEqual([(await first).kind, (await third).kind], ['Succeeded', 'Succeeded']);
    assert.deepEqual(
      rig.audit.map(({ action }) => action),
      ['GrantEnterprise', 'RevokeEnterprise'],
    );
  });

  test('do not delay changes of another person', async (t) => {
    const rig = await setUp(t);
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const first = rig.execute('GrantEnterprise', ALICE, {
      confirm: async () => {
        begun.resolve();
        await goOn.promise;
        return true;
      },
    });
    await begun.promise;
    assert.equal((await rig.execute('RevokeEnterprise', BOB)).kind, 'Succeeded');
    goOn.resolve();
    assert.equal((await first).kind, 'Succeeded');
  });
});
