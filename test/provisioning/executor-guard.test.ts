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

suite('the guard is asked before every request that changes Asana', () => {
  test('again before a retry', async (t) => {
    const rig = await setUp(t);
    const { guard, asked } = guardAfter(9);
    rig.fault({ operation: 'scimPatchUser', times: 2 }, { status: 503 });
    assert.equal((await rig.execute('GrantEnterprise', ALICE, { guard })).kind, 'Succeeded');
    assert.equal(sentIn(rig), 3);
    assert.equal(asked(), 3, 'once for each request');
  });

  test('again after a wait for Retry-After, and then nothing more leaves', async (t) => {
    const rig = await setUp(t);
    const { guard, asked } = guardAfter(1);
    rig.fault({ operation: 'scimPatchUser' }, { status: 429, retryAfter: 2 });
    await assert.rejects(rig.execute('RevokeEnterprise', BOB, { guard }), /suspended meanwhile/);
    assert.equal(rig.license(BOB), 'enterprise');
    assert.deepEqual([sentIn(rig), asked()], [1, 2]);
    assert.deepEqual(rig.results, ['Unknown'], 'what left is told once');
  });

  test('and what it stops before anything left is nobody’s news', async (t) => {
    const rig = await setUp(t);
    const { guard } = guardAfter(0);
    await assert.rejects(rig.execute('RevokeEnterprise', BOB, { guard }), /suspended meanwhile/);
    assert.deepEqual([sentIn(rig), rig.results, rig.meter.values.size], [0, [], 0]);
  });

  test('in its own time: the request waits for the answer', async (t) => {
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

  test('never for a look at Asana: what was sent may always be looked for', async (t) => {
    const rig = await setUp(t);
    rig.fault({ operation: 'scimPatchUser' }, { staleForMs: 3_600_000 });
    const { guard, asked } = guardAfter(1);
    const outcome = await rig.execute('GrantEnterprise', ALICE, { guard });
    assert.ok(outcome.kind === 'Unconfirmed');
    assert.equal((await rig.verify('GrantEnterprise', ALICE, outcome.id)).kind, 'Unconfirmed');
    assert.equal(asked(), 1);
  });
});

suite('one change at a time is made of a person', () => {
  test('so that the second decides on what the first has left', async (t) => {
    const rig = await setUp(t);
    const wanted = { confirm: ({ account }: FreshReading) => account?.license === 'ViewOnly' };
    const outcomes = await Promise.all([
      rig.execute('GrantEnterprise', ALICE, wanted),
      rig.execute('GrantEnterprise', ALICE, wanted),
    ]);
    assert.deepEqual([outcomes.map(({ kind }) => kind), sentIn(rig)], [['Succeeded', 'Overtaken'], 1]);
  });

  test('and one that fails lets the next begin', async (t) => {
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

  test('and one that gives up the wait ends at once, and lets nobody pass who is behind it', async (t) => {
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

  test('while others wait for none of it', async (t) => {
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
