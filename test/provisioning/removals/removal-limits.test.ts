import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatTime } from '../../../src/core/clock.ts';
import type { Demand } from '../../../src/provisioning/removals/demand.ts';
import type { RemovalDesk } from '../../../src/provisioning/removals/removal-desk.ts';
import { removalLimit } from '../../../src/provisioning/removals/removal-window.ts';
import { type DeskRig, demandOf, deskOf, grantIds, HOUR, limitsOf, ORGANIZATION, START } from './desk-rig.ts';

/** Asks the desk, and carries the removal out if it is free. */
function carryOut(desk: RemovalDesk, demand: Demand, now = START): string {
  desk.ask(demand, now);
  const { kind } = desk.reserve(demand.id, now);
  if (kind !== 'Free') return kind;
  assert.equal(desk.check(demand.id, now).kind, 'Free');
  desk.carriedOut(demand.id);
  return kind;
}

suite('the limit of a window', () => {
  const rows: readonly [percent: number, atLeast: number, people: number, limit: number, because: string][] =
    [
      [20, 5, 0, 5, 'a share of zero people is zero'],
      [20, 5, 24, 5, 'a fifth of 24 is less than five'],
      [20, 5, 29, 5, 'a share is rounded down'],
      [20, 5, 30, 6, 'a fifth of 30'],
      [20, 5, 10_000, 2_000, 'a fifth of ten thousand'],
      [100, 0, 7, 7, 'everybody'],
      [0, 0, 10_000, 0, 'nobody'],
      [7, 0, 100, 7, 'no rounding error: 7 % of 100 is 7'],
    ];
  for (const [percent, atLeast, people, limit, because] of rows) {
    test(`${percent} % of ${people}, at least ${atLeast}, is ${limit}: ${because}`, () => {
      assert.equal(removalLimit(limitsOf({ percent, atLeast }), people), limit, because);
    });
  }
});

interface Weighed {
  readonly because: string;
  readonly rig?: DeskRig;
  readonly demands: readonly Demand[];
  readonly held: boolean;
}

const many = (count: number, changes: Partial<Demand> = {}) =>
  grantIds(count).map((id) => demandOf(id, changes));

suite('removals that are pending together', () => {
  const rows: readonly Weighed[] = [
    { because: 'there are five, which is the limit', demands: many(5), held: false },
    { because: 'there are six, which is above the limit', demands: many(6), held: true },
    { because: 'all six concern one person', demands: many(6, { person: 'one' }), held: false },
    { because: 'all of them are expiries on time', demands: many(20, { onTime: true }), held: false },
    {
      because: 'there are six besides the expiries on time',
      demands: [...many(5), ...grantIds(9, 't').map((id) => demandOf(id, { onTime: true })), demandOf('x')],
      held: true,
    },
    {
      because: 'six live grants declare less than before',
      demands: many(6, { ends: false }),
      held: true,
    },
    {
      because: 'there are two deprovisions, and maxDeprovisions is one',
      rig: { limits: { maxDeprovisions: 1 } },
      demands: many(2, { deprovision: true }),
      held: true,
    },
    {
      because: 'there are two deprovisions of one person, and maxDeprovisions is one',
      rig: { limits: { maxDeprovisions: 1 } },
      demands: many(2, { deprovision: true, person: 'one' }),
      held: false,
    },
    {
      because: 'there is one, and none is allowed',
      rig: { limits: { atLeast: 0 } },
      demands: many(1),
      held: true,
    },
    {
      because: 'there are 20 of 120 people, and the limit is a fifth',
      rig: { limits: { percent: 20 }, applied: grantIds(20) },
      demands: many(20),
      held: false,
    },
  ];
  for (const { because, rig, demands, held } of rows) {
    test(`are ${held ? 'held' : 'free'} if ${because}`, () => {
      const desk = deskOf(rig);
      const verdicts = demands.map((demand) => desk.ask(demand, START).kind);
      assert.equal(verdicts.at(-1), held ? 'Held' : 'Free');
      // Demands from before the hold get the new verdict at the next check.
      for (const { id } of demands) assert.equal(desk.check(id, START).kind, held ? 'Held' : 'Free');
    });
  }

  test('are all decided again when a hold begins, including those that were free', () => {
    const desk = deskOf();
    for (const demand of many(5)) desk.ask(demand, START);
    desk.takeChanged();
    desk.ask(demandOf('sixth'), START);
    assert.deepEqual([...desk.takeChanged()], [...grantIds(5), 'sixth']);
    assert.equal(desk.takeChanged().size, 0);
  });
});

suite('the end of the last right of everybody', () => {
  const team = (size: number) =>
    deskOf({ staff: 0, applied: grantIds(size), limits: { percent: 100, atLeast: 50 } });

  test('five of five people who end at once are held', () => {
    const desk = team(5);
    for (const demand of many(5)) desk.ask(demand, START);
    for (const id of grantIds(5)) assert.equal(desk.check(id, START).kind, 'Held');
  });

  test('the last of five people who end one after the other in a window is held', () => {
    const desk = team(5);
    const kinds = many(5).map((demand, hour) => carryOut(desk, demand, START + hour * 60_000));
    assert.deepEqual(kinds, ['Free', 'Free', 'Free', 'Free', 'Held']);
  });

  test('the last of five is held after a restart too, when only the number of the others is known', () => {
    const desk = team(5);
    for (const demand of many(4)) carryOut(desk, demand);
    const next = deskOf({ staff: 0, applied: ['g4'], record: desk.toRecord(), limits: { atLeast: 50 } });
    assert.equal(carryOut(next, demandOf('g4')), 'Held');
  });

  test('four of five people may end, since one remains', () => {
    const desk = team(5);
    assert.deepEqual([...new Set(many(4).map((demand) => carryOut(desk, demand)))], ['Free']);
  });

  test('the only person may end', () => {
    assert.equal(carryOut(team(1), demandOf('g0')), 'Free');
  });

  test('a person with two rights loses the last one only with the second', () => {
    const desk = team(2);
    desk.roster.apply('g1-team', `${ORGANIZATION}/g1`);
    assert.deepEqual(
      many(2).map((demand) => carryOut(desk, demand)),
      ['Free', 'Free'],
    );
    assert.equal(carryOut(desk, demandOf('g1-team', { person: `${ORGANIZATION}/g1` })), 'Held');
  });

  test('a removal that was reserved but not sent is held once nobody else remains', () => {
    const desk = team(3);
    for (const demand of many(2)) {
      desk.ask(demand, START);
      assert.equal(desk.reserve(demand.id, START).kind, 'Free');
    }
    desk.roster.unapply('g2');
    assert.equal(desk.check('g1', START).kind, 'Held');
  });

  test('an account that is declared Absent has no applied right, so it does not count', () => {
    const desk = team(1);
    desk.ask(demandOf('leaver', { ends: false, deprovision: true }), START);
    assert.equal(carryOut(desk, demandOf('g0')), 'Free');
  });

  test('a person whose removal is withdrawn counts as remaining', () => {
    const desk = team(3);
    for (const demand of many(2)) desk.ask(demand, START);
    desk.withdraw('g0');
    desk.ask(demandOf('g2'), START);
    assert.equal(desk.check('g2', START).kind, 'Free');
  });
});

suite('a removal window', () => {
  test('counts the removals done in it together with the pending ones', () => {
    const desk = deskOf();
    for (const demand of many(5)) carryOut(desk, demand);
    assert.equal(desk.ask(demandOf('sixth'), START + HOUR - 1).kind, 'Held');
  });

  test('starts the count again once it is over', () => {
    const desk = deskOf();
    for (const demand of many(5)) carryOut(desk, demand);
    assert.equal(desk.ask(demandOf('sixth'), START + HOUR).kind, 'Free');
  });

  test('is not ended early by a jump of the wall clock, even if an earlier process began it', () => {
    const record = {
      removals: { windowStartedAt: formatTime(START), baseline: 100, done: 5, deprovisions: 0 },
    };
    for (const before of [undefined, record]) {
      let passed = 0;
      const desk = deskOf({ monotonic: () => passed, ...(before && { record: before }) });
      if (!before) for (const demand of many(5)) carryOut(desk, demand);
      passed = HOUR - 1;
      assert.equal(desk.ask(demandOf('sixth'), START + 2 * HOUR).kind, 'Held');
      desk.withdraw('sixth');
      passed = HOUR;
      assert.equal(desk.ask(demandOf('seventh'), START + 2 * HOUR).kind, 'Free');
    }
  });

  test('takes its share of the people at its start, even if some have left since', () => {
    const desk = deskOf({ staff: 0, applied: grantIds(10), limits: { percent: 50, atLeast: 0 } });
    const kinds = many(6).map((demand) => carryOut(desk, demand));
    assert.deepEqual(kinds, ['Free', 'Free', 'Free', 'Free', 'Free', 'Held']);
    assert.equal(desk.toRecord().removals?.baseline, 10);
  });

  test('counts a person once, for any number of rights', () => {
    const desk = deskOf({ limits: { atLeast: 1 } });
    assert.equal(carryOut(desk, demandOf('license', { person: 'one' })), 'Free');
    assert.equal(carryOut(desk, demandOf('team', { person: 'one' })), 'Free');
    assert.equal(carryOut(desk, demandOf('other')), 'Held');
  });

  test('counts a removal that was reserved but not sent as pending in the next window', () => {
    const desk = deskOf();
    for (const demand of many(5)) {
      desk.ask(demand, START);
      desk.reserve(demand.id, START);
    }
    desk.ask(demandOf('sixth'), START + HOUR);
    for (const id of grantIds(5)) assert.equal(desk.check(id, START + HOUR).kind, 'Held');
  });

  test('does not count a removal that was sent in the previous window as pending', () => {
    const desk = deskOf();
    for (const demand of many(5)) {
      desk.ask(demand, START);
      desk.check(demand.id, START);
    }
    assert.equal(desk.ask(demandOf('sixth'), START + HOUR).kind, 'Free');
  });

  test('holds a removal that is about to be sent again during a hold', () => {
    const desk = deskOf();
    desk.ask(demandOf('early'), START);
    assert.equal(desk.check('early', START).kind, 'Free');
    for (const demand of many(6)) desk.ask(demand, START);
    assert.equal(desk.ask(demandOf('early'), START).kind, 'Free', 'it is in progress, and not pending');
    assert.equal(desk.check('early', START).kind, 'Held');
  });

  test('holds pending removals when the limit is lowered, and keeps the hold when it is raised', () => {
    const desk = deskOf();
    for (const demand of many(3)) desk.ask(demand, START);
    desk.setLimits(limitsOf({ atLeast: 2 }));
    assert.equal(desk.check('g0', START).kind, 'Held');
    desk.setLimits(limitsOf({ atLeast: 200 }));
    assert.equal(desk.check('g0', START).kind, 'Held');
  });

  test('holds removals that were reserved but not sent when a limit is lowered', () => {
    const cases = [
      { what: 'removal', limits: { atLeast: 0 }, demand: demandOf('one') },
      { what: 'deprovision', limits: { maxDeprovisions: 0 }, demand: demandOf('one', { deprovision: true }) },
    ];
    for (const { what, limits, demand } of cases) {
      const desk = deskOf();
      desk.ask(demand, START);
      assert.equal(desk.reserve('one', START).kind, 'Free', what);
      desk.setLimits(limitsOf(limits));
      assert.equal(desk.check('one', START).kind, 'Held', what);
    }
  });

  test('does not count acknowledged removals and expiries on time', () => {
    const desk = deskOf();
    const recorded = { id: 'x', n: 1, content: demandOf('a').content, answer: 'acknowledge' as const };
    for (const id of grantIds(20)) {
      desk.ask(demandOf(id, { recorded }), START);
      desk.reserve(id, START);
    }
    for (const id of grantIds(20, 't')) carryOut(desk, demandOf(id, { onTime: true, deprovision: true }));
    assert.equal(desk.toRecord().removals?.done, 0);
    assert.equal(desk.toRecord().removals?.deprovisions, 0);
  });
});
