import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Budget, type BudgetLimits, type Permit } from '../../src/asana/budget.ts';
import { BudgetRegistry } from '../../src/asana/budget-registry.ts';
import type { Priority, RequestKind } from '../../src/asana/lanes.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { FakeClock, settle } from './fake-clock.ts';
import { RecordingMeter } from './recording-meter.ts';

const unlimited: BudgetLimits = { requestsPerMinute: 0, percent: 100 };

function setUp(limits: BudgetLimits, meter = new RecordingMeter()) {
  const clock = new FakeClock();
  const budget = new Budget(limits, { clock, meter }, 'b');
  const sent: string[] = [];
  const permits: Permit[] = [];
  const ask = (name: string, kind: RequestKind, priority: Priority, signal?: AbortSignal) => {
    const asked = budget.acquire(kind, priority, signal).then((permit) => {
      sent.push(name);
      permits.push(permit);
      return permit;
    });
    asked.catch(() => {});
    return asked;
  };
  const askMany = (count: number, kind: RequestKind, priority: Priority) => {
    for (let index = 0; index < count; index += 1) void ask(`${priority} ${kind}`, kind, priority);
  };
  const releaseAll = () => permits.splice(0).forEach((permit) => permit.release());
  return { clock, budget, meter, sent, permits, ask, askMany, releaseAll };
}

suite('the window of one minute', () => {
  test('70 % of a limit of 1,500 admits 1,050 requests, and the next ones only after a minute', async () => {
    const { clock, budget, sent, askMany, releaseAll } = setUp({ requestsPerMinute: 1500, percent: 70 });
    assert.equal(budget.available(), 1050);
    askMany(1200, 'read', 'action');
    for (let round = 0; round < 30; round += 1) {
      await settle();
      releaseAll();
    }
    assert.equal(sent.length, 1050);
    await clock.advance(59_000);
    assert.equal(sent.length, 1050, 'a place stays taken for a whole minute');
    await clock.advance(1100);
    assert.equal(sent.length, 1100, 'then fifty are in flight at once');
  });

  test('a sync of 100 to 4,051 requests takes at most 15 % longer than its limits require', async () => {
    for (const requests of [100, 1351, 1500, 2701, 4051]) {
      const { clock, askMany, sent, releaseAll } = setUp({ requestsPerMinute: 1500, percent: 100 });
      askMany(requests, 'read', 'sync');
      const begun = clock.monotonic();
      while (sent.length < requests) {
        await clock.advance(100);
        releaseAll();
      }
      const seconds = (clock.monotonic() - begun) / 1000;
      // With a latency of 100 ms, 48 requests in flight set the lower bound for small syncs.
      const bound = Math.max((1.15 * requests) / 25, (requests / 48) * 0.1 + 0.2);
      assert.ok(seconds <= bound, `${requests} requests took ${seconds} s, more than the allowed ${bound} s`);
    }
  });

  test('a limit of zero means unlimited', async () => {
    const { budget, sent, askMany, releaseAll } = setUp(unlimited);
    askMany(5000, 'read', 'sync');
    while (sent.length < 5000) {
      await settle();
      releaseAll();
    }
    assert.equal(budget.available(), Number.POSITIVE_INFINITY);
  });

  test('a limit that rounds down to zero still admits one request', async () => {
    const { sent, ask } = setUp({ requestsPerMinute: 1, percent: 1 });
    void ask('only', 'read', 'sync');
    await settle();
    assert.deepEqual(sent, ['only']);
  });
});

suite('requests in flight', () => {
  test('are at most 50 reads, 48 of them by syncs, and 15 writes', async () => {
    const { sent, askMany } = setUp(unlimited);
    askMany(40, 'read', 'sync');
    askMany(100, 'read', 'bulk');
    askMany(100, 'read', 'read');
    askMany(100, 'write', 'action');
    await settle();
    const count = (name: string) => sent.filter((other) => other === name).length;
    assert.equal(count('sync read') + count('bulk read'), 48);
    assert.equal(count('read read'), 2);
    assert.equal(count('action write'), 15);
  });

  test('a permit released twice frees only one place', async () => {
    const { sent, askMany, permits } = setUp(unlimited);
    askMany(60, 'write', 'action');
    await settle();
    permits[0]?.release();
    permits[0]?.release();
    await settle();
    assert.equal(sent.length, 16);
  });
});

suite('priorities', () => {
  test('actions are sent first, then fresh reads, then listings of syncs, then reads of single items', async () => {
    const { sent, ask, askMany, releaseAll } = setUp(unlimited);
    askMany(50, 'read', 'read');
    await settle();
    sent.length = 0;
    for (const [name, priority] of [
      ['bulk 1', 'bulk'],
      ['sync 1', 'sync'],
      ['read 1', 'read'],
      ['action 1', 'action'],
      ['sync 2', 'sync'],
      ['action 2', 'action'],
    ] as const) {
      void ask(name, 'read', priority);
    }
    await settle();
    assert.deepEqual(sent, [], 'fifty reads are in flight');
    releaseAll();
    await settle();
    assert.deepEqual(sent, ['action 1', 'action 2', 'read 1', 'sync 1', 'sync 2', 'bulk 1']);
  });

  test('a sync leaves a tenth of the window free, half of it reserved for actions', async () => {
    const { sent, askMany, releaseAll } = setUp({ requestsPerMinute: 1000, percent: 100 });
    const drain = async () => {
      for (let round = 0; round < 40; round += 1) {
        await settle();
        releaseAll();
      }
    };
    askMany(1500, 'read', 'sync');
    await drain();
    assert.equal(sent.length, 900);
    askMany(500, 'read', 'read');
    await drain();
    assert.equal(sent.length, 950);
    askMany(500, 'write', 'action');
    await drain();
    assert.equal(sent.length, 1000);
  });

  test('a write that waits for a free place does not hold up reads', async () => {
    const { sent, ask, askMany } = setUp(unlimited);
    askMany(20, 'write', 'action');
    void ask('sync', 'read', 'sync');
    await settle();
    assert.ok(sent.includes('sync'));
  });
});

suite('after a 429', () => {
  test('nothing is sent before Retry-After has passed, actions included', async () => {
    const { clock, sent, ask } = setUp(unlimited);
    const permit = await ask('first', 'read', 'sync');
    permit.rejected(2_000);
    permit.release();
    void ask('action', 'write', 'action');
    await clock.advance(1_999);
    assert.deepEqual(sent, ['first']);
    await clock.advance(1);
    assert.deepEqual(sent, ['first', 'action']);
  });

  test('an action is rejected as RateLimited if the wait exceeds its patience, and a sync waits', async () => {
    const { clock, sent, ask } = setUp(unlimited);
    const permit = await ask('first', 'read', 'sync');
    permit.rejected(30_000);
    permit.release();
    void ask('sync', 'read', 'sync');
    await assert.rejects(ask('action', 'write', 'action'), { code: 'RateLimited', retryAfterMs: 30_000 });
    await clock.advance(30_000);
    assert.ok(sent.includes('sync') && !sent.includes('action'));
  });

  test('a shorter Retry-After does not shorten a longer one', async () => {
    const { clock, sent, ask } = setUp(unlimited);
    const permit = await ask('first', 'read', 'sync');
    permit.rejected(30_000);
    permit.rejected(1000);
    permit.release();
    void ask('second', 'read', 'action');
    await clock.advance(29_000);
    assert.deepEqual(sent, ['first']);
  });

  test('sending resumes with one request, and each answer allows more', async () => {
    const { clock, sent, permits, ask, askMany } = setUp(unlimited);
    const permit = await ask('first', 'read', 'action');
    permit.rejected(1000);
    permits.splice(0).forEach((other) => other.release());
    sent.length = 0;
    askMany(20, 'read', 'action');
    await clock.advance(1000);
    assert.equal(sent.length, 1);
    permits.splice(0).forEach((other) => other.release());
    await settle();
    assert.equal(sent.length, 3, 'two after the first answer');
    permits.splice(0).forEach((other) => other.release());
    await settle();
    assert.equal(sent.length, 7, 'four after two more');
  });

  test('a Retry-After of an hour rejects waiting and new requests with the remaining time', async () => {
    const { ask, clock } = setUp(unlimited);
    const permit = await ask('first', 'read', 'sync');
    permit.rejected(60_000);
    const waiting = ask('second', 'read', 'sync');
    permit.rejected(3_600_000);
    await assert.rejects(waiting, { code: 'RateLimited', errorClass: 'waiting', retryAfterMs: 3_600_000 });
    await clock.advance(1_800_000);
    await assert.rejects(ask('third', 'read', 'action'), { code: 'RateLimited', retryAfterMs: 1_800_000 });
  });
});

suite('waiting for a permit', () => {
  test('an aborted request rejects with the reason of the abort, and the next request takes its place', async () => {
    const { ask, askMany, sent, permits } = setUp(unlimited);
    askMany(50, 'read', 'read');
    await settle();
    sent.length = 0;
    const controller = new AbortController();
    const given = ask('given up', 'read', 'action', controller.signal);
    void ask('next', 'read', 'action');
    controller.abort(new Error('enough'));
    await assert.rejects(given, /enough/);
    permits[0]?.release();
    await settle();
    assert.deepEqual(sent, ['next']);
  });

  test('a request whose signal is already aborted takes no place', async () => {
    const { budget } = setUp({ requestsPerMinute: 10, percent: 100 });
    await assert.rejects(budget.acquire('read', 'sync', AbortSignal.abort(new Error('before'))), /before/);
    assert.equal(budget.available(), 10);
  });

  test('a request that is aborted while it waits leaves no alarm behind, even if another is in flight', async () => {
    const { ask, clock, permits } = setUp({ requestsPerMinute: 2, percent: 100 });
    await ask('ended', 'read', 'action');
    await ask('in flight', 'read', 'action');
    permits[0]?.release();
    const controller = new AbortController();
    const third = ask('third', 'read', 'action', controller.signal);
    assert.equal(clock.pending, 1, 'one alarm is set for the place that becomes free');
    controller.abort(new Error('enough'));
    await assert.rejects(third, /enough/);
    assert.equal(clock.pending, 0);
  });

  test('20,000 waiting requests are served in less than three seconds', async () => {
    const { askMany, sent, releaseAll } = setUp(unlimited);
    const begun = performance.now();
    askMany(20_000, 'read', 'sync');
    while (sent.length < 20_000) {
      await settle();
      releaseAll();
    }
    // A quadratic queue would take half a minute; a slow machine takes about 200 ms.
    assert.ok(performance.now() - begun < 3000, `${performance.now() - begun} ms`);
  });
});

suite('metrics', () => {
  test('available requests are reported, and throttled seconds grow only while a request is held back', async () => {
    const { clock, meter, budget, ask, releaseAll } = setUp({ requestsPerMinute: 2, percent: 100 });
    await ask('first', 'read', 'action');
    assert.equal(meter.values.get('asana_budget_available{budget="b"}'), 1);
    await ask('second', 'read', 'action');
    releaseAll();
    await clock.advance(10_000);
    assert.equal(meter.values.get('asana_throttled_seconds_total{budget="b"}'), 0);
    const third = ask('third', 'read', 'action');
    await clock.advance(20_000);
    budget.refresh();
    assert.equal(
      meter.values.get('asana_throttled_seconds_total{budget="b"}'),
      20,
      'a request that still waits is counted when metrics are read',
    );
    await clock.advance(40_000);
    await third;
    assert.equal(Math.round(meter.values.get('asana_throttled_seconds_total{budget="b"}') ?? 0), 50);
    releaseAll();
    await clock.advance(120_000);
    budget.refresh();
    assert.equal(meter.values.get('asana_budget_available{budget="b"}'), 2);
  });
});

suite('the registry of budgets', () => {
  const make = () => {
    const meter = new RecordingMeter();
    const clock = new FakeClock();
    return {
      meter,
      clock,
      registry: new BudgetRegistry({ requestsPerMinute: 5, percent: 100 }, { clock, meter }),
    };
  };

  test('two borrowers of one token share a budget, and another token has its own', () => {
    const { registry } = make();
    const one = registry.borrow(new Redacted('token-a')).budget;
    assert.equal(registry.borrow(new Redacted('token-a')).budget, one);
    assert.notEqual(registry.borrow(new Redacted('token-b')).budget, one);
  });

  test('a budget outlives its borrowers: borrowing it again does not refill it', async () => {
    const { registry } = make();
    const { budget, giveBack } = registry.borrow(new Redacted('token-a'));
    (await budget.acquire('read', 'sync')).release();
    giveBack();
    assert.equal(registry.borrow(new Redacted('token-a')).budget.available(), 4);
  });

  test('unused full budgets are dropped when tokens rotate, and used or partly spent ones are kept', async () => {
    const { registry, meter, clock } = make();
    const used = registry.borrow(new Redacted('in use')).budget;
    const spent = registry.borrow(new Redacted('spent'));
    (await spent.budget.acquire('read', 'sync')).release();
    spent.giveBack();
    for (let index = 0; index < 200; index += 1) registry.borrow(new Redacted(`token ${index}`)).giveBack();
    const series = [...meter.values.keys()].filter((key) => key.startsWith('asana_budget_available'));
    assert.ok(series.length < 20, `${series.length} series`);
    assert.equal(registry.borrow(new Redacted('in use')).budget, used);
    assert.equal(registry.borrow(new Redacted('spent')).budget, spent.budget);
    await clock.advance(61_000);
  });
});
