import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import {
  emptyLedger,
  endHold,
  type RemovalDemand,
  type RemovalLedger,
  type RemovalLimits,
  removalLimit,
  reserveDeprovision,
  reserveRemoval,
  weighDemand,
} from '../../src/provisioning/removal-ledger.ts';

const HOUR = 3_600_000;

function limits(changes: Partial<RemovalLimits> = {}): RemovalLimits {
  return { percent: 0, atLeast: 5, windowMs: HOUR, maxDeprovisions: 5, ...changes };
}

function demand(id: string, changes: Partial<RemovalDemand> = {}): RemovalDemand {
  return {
    id,
    who: `${id}@acme.com`,
    what: 'RevokeEnterprise',
    deprovision: false,
    held: null,
    acknowledged: false,
    ...changes,
  };
}

const demands = (count: number, changes: Partial<RemovalDemand> = {}) =>
  Array.from({ length: count }, (_, index) => demand(`d${index}`, changes));

interface Weighing {
  readonly ledger?: RemovalLedger;
  readonly applied?: number;
  readonly now?: number;
}

function weigh(
  pending: readonly RemovalDemand[],
  bounds: RemovalLimits,
  weighing: Weighing = {},
): RemovalLedger {
  const { ledger = emptyLedger, applied = 100, now = 0 } = weighing;
  return weighDemand(ledger, pending, bounds, applied, now, () => 'token');
}

const done = (count: number, deprovisions = 0): RemovalLedger => ({
  window: { startedAt: 0, baseline: 100, done: count, deprovisions },
  hold: null,
});

suite('the limit of a window', () => {
  const rows: readonly [
    percent: number,
    atLeast: number,
    baseline: number,
    limit: number,
    because: string,
  ][] = [
    [20, 5, 0, 5, 'of nothing a share is nothing'],
    [20, 5, 24, 5, 'a fifth of 24 is 4 and a bit, and 5 is more'],
    [20, 5, 29, 5, 'a share is rounded down'],
    [20, 5, 30, 6, 'a fifth of 30'],
    [20, 5, 10_000, 2_000, 'a fifth of ten thousand'],
    [100, 0, 7, 7, 'all of them'],
    [0, 0, 10_000, 0, 'none at all'],
    [7, 0, 100, 7, 'no rounding error: 7 % of 100 is 7'],
  ];
  for (const [percent, atLeast, baseline, limit, because] of rows) {
    test(`${percent} % of ${baseline}, at least ${atLeast}, is ${limit}: ${because}`, () => {
      assert.equal(removalLimit(limits({ percent, atLeast }), baseline), limit, because);
    });
  }
});

suite('weighing what is pending', () => {
  const rows: readonly [
    pending: readonly RemovalDemand[],
    bounds: RemovalLimits,
    weighing: Weighing,
    held: boolean,
    because: string,
  ][] = [
    [demands(5), limits(), {}, false, 'as many as are allowed'],
    [demands(6), limits(), {}, true, 'one more'],
    [demands(1), limits({ atLeast: 0 }), {}, true, 'none is allowed'],
    [[], limits({ atLeast: 0 }), {}, false, 'none is wanted'],
    [demands(3), limits(), { ledger: done(2) }, false, 'what was done in the window counts: five in all'],
    [demands(3), limits(), { ledger: done(3) }, true, 'what was done in the window counts: six in all'],
    [demands(5), limits(), { ledger: done(5), now: HOUR }, false, 'another window has begun'],
    [demands(5), limits(), { ledger: done(5), now: HOUR - 1 }, true, 'the window has not ended'],
    [demands(5), limits(), { ledger: done(5), now: -HOUR }, true, 'a clock that went back opens no window'],
    [demands(9, { acknowledged: true }), limits(), {}, false, 'what was acknowledged counts no more'],
    [
      [...demands(9, { acknowledged: true }), demand('x')],
      limits({ atLeast: 1 }),
      {},
      false,
      'nor with what was not',
    ],
    [
      demands(2, { deprovision: true }),
      limits({ maxDeprovisions: 2 }),
      {},
      false,
      'two deprovisions are allowed',
    ],
    [demands(3, { deprovision: true }), limits({ maxDeprovisions: 2 }), {}, true, 'three are not'],
    [demands(1, { deprovision: true }), limits({ maxDeprovisions: 0 }), {}, true, 'none is allowed'],
    [
      [demand('x'), demand('y', { deprovision: true })],
      limits({ maxDeprovisions: 2 }),
      { ledger: done(2, 2) },
      true,
      'deprovisions done count',
    ],
    [demands(4), limits({ maxDeprovisions: 0 }), {}, false, 'other removals are no deprovisions'],
    [
      demands(20),
      limits({ percent: 20 }),
      { applied: 100 },
      false,
      'a share of what is applied when the window begins',
    ],
    [
      demands(20),
      limits({ percent: 20 }),
      { ledger: done(0), applied: 10 },
      false,
      'what is applied later does not move the limit of a window',
    ],
  ];
  for (const [pending, bounds, weighing, held, because] of rows) {
    test(`${held ? 'begins a hold' : 'lets it go ahead'}: ${because}`, () => {
      assert.equal(weigh(pending, bounds, weighing).hold !== null, held, because);
    });
  }

  test('with nothing pending leaves the ledger untouched, so that no status is written', () => {
    const ledger = done(2);
    assert.equal(weigh([], limits(), { ledger, now: 9 * HOUR }), ledger);
    assert.equal(weigh(demands(3, { acknowledged: true }), limits(), { ledger }), ledger);
  });

  test('a hold counts all that is pending and names the first twenty', () => {
    const { hold } = weigh(demands(25), limits(), { now: 77 });
    assert.ok(hold);
    const { pending, ...rest } = hold;
    assert.deepEqual(rest, { reason: 'TooManyRemovals', since: 77, token: 'token', count: 25 });
    assert.equal(pending.length, 20);
    assert.deepEqual(pending[0], { who: 'd0@acme.com', what: 'RevokeEnterprise' });
  });

  test('a hold is latched: neither a smaller demand nor the next window ends or changes it', () => {
    const ledger = weigh(demands(6), limits());
    for (const now of [1, 2 * HOUR, 99 * HOUR]) {
      const later = weigh(demands(1), limits({ atLeast: 1_000 }), { ledger, now });
      assert.equal(later.hold, ledger.hold);
    }
  });
});

suite('a hold', () => {
  const held = weigh(demands(6), limits());

  test('is ended by its token', () => assert.equal(endHold(held, 'token').hold, null));

  test('is not ended by another token, an old one or none', () => {
    for (const token of ['', 'other', 'TOKEN']) assert.equal(endHold(held, token), held);
    assert.equal(endHold(emptyLedger, 'token'), emptyLedger);
  });

  test('that ends leaves the window as it is', () => {
    assert.deepEqual(endHold(held, 'token').window, held.window);
  });
});

suite('booking a removal', () => {
  test('counts it, and a deprovision twice over', () => {
    const first = reserveRemoval(done(1), demand('a'));
    assert.deepEqual(first.window, { startedAt: 0, baseline: 100, done: 2, deprovisions: 0 });
    const second = reserveRemoval(first, demand('b', { deprovision: true }));
    assert.deepEqual(second.window, { startedAt: 0, baseline: 100, done: 3, deprovisions: 1 });
  });

  test('of what was acknowledged counts nothing', () => {
    const ledger = done(1);
    assert.equal(reserveRemoval(ledger, demand('a', { acknowledged: true })), ledger);
  });
});

suite('a deprovision that a task asks for', () => {
  test('counts as a deprovision, and not as a removal of a declared grant', () => {
    const before = done(2, 1);
    const after = reserveDeprovision(before, limits({ maxDeprovisions: 5 }), 10, 0);
    assert.deepEqual(after?.window, { ...before.window, deprovisions: 2 });
  });

  test('is refused once the window has none left', () => {
    assert.equal(reserveDeprovision(done(5, 5), limits({ maxDeprovisions: 5 }), 10, 0), null);
  });

  test('begins a window of its own once the last one has ended', () => {
    const later = reserveDeprovision(done(5, 5), limits({ maxDeprovisions: 5 }), 30, HOUR);
    assert.deepEqual(later?.window, { startedAt: HOUR, baseline: 30, done: 0, deprovisions: 1 });
  });

  test('is never allowed by a limit of none', () => {
    assert.equal(reserveDeprovision(emptyLedger, limits({ maxDeprovisions: 0 }), 10, 0), null);
  });
});

suite('whatever is pending, done and allowed', () => {
  const few = fc.integer({ min: 0, max: 12 });
  const anyDemands = fc
    .array(fc.record({ deprovision: fc.boolean(), acknowledged: fc.boolean() }), { maxLength: 12 })
    .map((shapes) => shapes.map((shape, index) => demand(`d${index}`, shape)));
  const anyLimits = fc.record({
    percent: fc.constantFrom(0, 20, 100),
    atLeast: few,
    windowMs: fc.constant(HOUR),
    maxDeprovisions: few,
  });
  const anyLedger = fc.tuple(few, few).map(([count, more]) => done(count + more, more));
  const anyTime = fc.integer({ min: -HOUR, max: 3 * HOUR });

  test('without a hold all that counts, carried out at once, stays within both limits', () => {
    fc.assert(
      fc.property(anyDemands, anyLimits, anyLedger, anyTime, (pending, bounds, ledger, now) => {
        const weighed = weigh(pending, bounds, { ledger, now });
        const counting = pending.filter(({ acknowledged }) => !acknowledged);
        if (weighed.hold || counting.length === 0) return;
        const { window } = counting.reduce(reserveRemoval, weighed);
        assert.ok(window && window.done <= removalLimit(bounds, window.baseline));
        assert.ok(window.deprovisions <= bounds.maxDeprovisions);
      }),
    );
  });

  test('a hold begins only where one of the limits would be passed', () => {
    fc.assert(
      fc.property(anyDemands, anyLimits, anyLedger, anyTime, (pending, bounds, ledger, now) => {
        const weighed = weigh(pending, bounds, { ledger, now });
        if (!weighed.hold) return;
        const counting = pending.filter(({ acknowledged }) => !acknowledged);
        const { window } = counting.reduce(reserveRemoval, weighed);
        assert.ok(
          window &&
            (window.done > removalLimit(bounds, window.baseline) ||
              window.deprovisions > bounds.maxDeprovisions),
        );
      }),
    );
  });

  test('a hold is latched', () => {
    fc.assert(
      fc.property(anyDemands, anyLimits, anyTime, (pending, bounds, now) => {
        const ledger = weigh(demands(6), limits());
        assert.equal(weigh(pending, bounds, { ledger, now }).hold, ledger.hold);
      }),
    );
  });
});
