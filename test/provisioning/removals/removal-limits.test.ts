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
      [20, 5, 0, 5, 'of nobody a share is nobody'],
      [20, 5, 24, 5, 'a fifth of 24 is 4 and a bit, and 5 is more'],
      [20, 5, 29, 5, 'a share is rounded down'],
      [20, 5, 30, 6, 'a fifth of 30'],
      [20, 5, 10_000, 2_000, 'a fifth of ten thousand'],
      [100, 0, 7, 7, 'all of them'],
      [0, 0, 10_000, 0, 'nobody at all'],
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

suite('what is pending at once', () => {
  const rows: readonly Weighed[] = [
    { because: 'five is the limit', demands: many(5), held: false },
    { because: 'six is above it', demands: many(6), held: true },
    { because: 'one person with six rights is one', demands: many(6, { person: 'one' }), held: false },
    { because: 'ends on time surprise nobody', demands: many(20, { onTime: true }), held: false },
    {
      because: 'what is on time makes no room for what is not',
      demands: [...many(5), ...grantIds(9, 't').map((id) => demandOf(id, { onTime: true })), demandOf('x')],
      held: true,
    },
    {
      because: 'live grants that declare less count as those that end',
      demands: many(6, { ends: false }),
      held: true,
    },
    {
      because: 'deprovisions have a limit of their own',
      rig: { limits: { maxDeprovisions: 1 } },
      demands: many(2, { deprovision: true }),
      held: true,
    },
    {
      because: 'one person loses account and workspace once',
      rig: { limits: { maxDeprovisions: 1 } },
      demands: many(2, { deprovision: true, person: 'one' }),
      held: false,
    },
    {
      because: 'with none allowed, one is too many',
      rig: { limits: { atLeast: 0 } },
      demands: many(1),
      held: true,
    },
    {
      because: 'a fifth of the hundred that stay and the twenty that may go',
      rig: { limits: { percent: 20 }, applied: grantIds(20) },
      demands: many(20),
      held: false,
    },
  ];
  for (const { because, rig, demands, held } of rows) {
    test(`${because}: ${held ? 'held' : 'free'}`, () => {
      const desk = deskOf(rig);
      const verdicts = demands.map((demand) => desk.ask(demand, START).kind);
      assert.equal(verdicts.at(-1), held ? 'Held' : 'Free');
      // Demands from before the hold get the new verdict at the next check.
      for (const { id } of demands) assert.equal(desk.check(id, START).kind, held ? 'Held' : 'Free');
    });
  }

  test('a hold names for another decision everybody who had been told to go ahead', () => {
    const desk = deskOf();
    for (const demand of many(5)) desk.ask(demand, START);
    desk.takeChanged();
    desk.ask(demandOf('sixth'), START);
    assert.deepEqual([...desk.takeChanged()], [...grantIds(5), 'sixth']);
    assert.equal(desk.takeChanged().size, 0);
  });
});

suite('the ends that take the last right of everybody', () => {
  const team = (size: number) =>
    deskOf({ staff: 0, applied: grantIds(size), limits: { percent: 100, atLeast: 50 } });

  test('all five of a team of five at once are held', () => {
    const desk = team(5);
    for (const demand of many(5)) desk.ask(demand, START);
    for (const id of grantIds(5)) assert.equal(desk.check(id, START).kind, 'Held');
  });

  test('one after the other within a window, the last of five is held', () => {
    const desk = team(5);
    const kinds = many(5).map((demand, hour) => carryOut(desk, demand, START + hour * 60_000));
    assert.deepEqual(kinds, ['Free', 'Free', 'Free', 'Free', 'Held']);
  });

  test('the last of five is held after a restart too, when only a number is known of the others', () => {
    const desk = team(5);
    for (const demand of many(4)) carryOut(desk, demand);
    const next = deskOf({ staff: 0, applied: ['g4'], record: desk.toRecord(), limits: { atLeast: 50 } });
    assert.equal(carryOut(next, demandOf('g4')), 'Held');
  });

  test('four of five are no hold, as one stays', () => {
    const desk = team(5);
    assert.deepEqual([...new Set(many(4).map((demand) => carryOut(desk, demand)))], ['Free']);
  });

  test('a team of one may end', () => {
    assert.equal(carryOut(team(1), demandOf('g0')), 'Free');
  });

  test('who keeps one of two rights has not lost the last, and loses it with the other', () => {
    const desk = team(2);
    desk.roster.apply('g1-team', `${ORGANIZATION}/g1`);
    assert.deepEqual(
      many(2).map((demand) => carryOut(desk, demand)),
      ['Free', 'Free'],
    );
    assert.equal(carryOut(desk, demandOf('g1-team', { person: `${ORGANIZATION}/g1` })), 'Held');
  });

  test('what was reserved and has not left is held once nobody stays', () => {
    const desk = team(3);
    for (const demand of many(2)) {
      desk.ask(demand, START);
      assert.equal(desk.reserve(demand.id, START).kind, 'Free');
    }
    desk.roster.unapply('g2');
    assert.equal(desk.check('g1', START).kind, 'Held');
  });

  test('accounts that are declared absent have no applied right to be the last', () => {
    const desk = team(1);
    desk.ask(demandOf('leaver', { ends: false, deprovision: true }), START);
    assert.equal(carryOut(desk, demandOf('g0')), 'Free');
  });

  test('one that is no longer wanted gives the others their company back', () => {
    const desk = team(3);
    for (const demand of many(2)) desk.ask(demand, START);
    desk.withdraw('g0');
    desk.ask(demandOf('g2'), START);
    assert.equal(desk.check('g2', START).kind, 'Free');
  });
});

suite('the window', () => {
  test('what was done in it counts with what is pending', () => {
    const desk = deskOf();
    for (const demand of many(5)) carryOut(desk, demand);
    assert.equal(desk.ask(demandOf('sixth'), START + HOUR - 1).kind, 'Held');
  });

  test('after it the count begins anew', () => {
    const desk = deskOf();
    for (const demand of many(5)) carryOut(desk, demand);
    assert.equal(desk.ask(demandOf('sixth'), START + HOUR).kind, 'Free');
  });

  test('no jump of the wall clock ends it early, nor that of a process before this one', () => {
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

  test('its share is of the people at its start, whoever has gone since', () => {
    const desk = deskOf({ staff: 0, applied: grantIds(10), limits: { percent: 50, atLeast: 0 } });
    const kinds = many(6).map((demand) => carryOut(desk, demand));
    assert.deepEqual(kinds, ['Free', 'Free', 'Free', 'Free', 'Free', 'Held']);
    assert.equal(desk.toRecord().removals?.baseline, 10);
  });

  test('somebody whom it has counted is not counted for another right', () => {
    const desk = deskOf({ limits: { atLeast: 1 } });
    assert.equal(carryOut(desk, demandOf('license', { person: 'one' })), 'Free');
    assert.equal(carryOut(desk, demandOf('team', { person: 'one' })), 'Free');
    assert.equal(carryOut(desk, demandOf('other')), 'Held');
  });

  test('what was reserved and not sent is pending in the next one', () => {
    const desk = deskOf();
    for (const demand of many(5)) {
      desk.ask(demand, START);
      desk.reserve(demand.id, START);
    }
    desk.ask(demandOf('sixth'), START + HOUR);
    for (const id of grantIds(5)) assert.equal(desk.check(id, START + HOUR).kind, 'Held');
  });

  test('what was sent before it is not pending in it', () => {
    const desk = deskOf();
    for (const demand of many(5)) {
      desk.ask(demand, START);
      desk.check(demand.id, START);
    }
    assert.equal(desk.ask(demandOf('sixth'), START + HOUR).kind, 'Free');
  });

  test('a removal that is sent again while a hold stands is held first', () => {
    const desk = deskOf();
    desk.ask(demandOf('early'), START);
    assert.equal(desk.check('early', START).kind, 'Free');
    for (const demand of many(6)) desk.ask(demand, START);
    assert.equal(desk.ask(demandOf('early'), START).kind, 'Free', 'it is under way, and not pending');
    assert.equal(desk.check('early', START).kind, 'Held');
  });

  test('a limit that is lowered holds what is pending, and one that is raised ends no hold', () => {
    const desk = deskOf();
    for (const demand of many(3)) desk.ask(demand, START);
    desk.setLimits(limitsOf({ atLeast: 2 }));
    assert.equal(desk.check('g0', START).kind, 'Held');
    desk.setLimits(limitsOf({ atLeast: 200 }));
    assert.equal(desk.check('g0', START).kind, 'Held');
  });

  test('a limit that is lowered holds what was reserved and has not left', () => {
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

  test('an acknowledged removal and one on time use up nothing of it', () => {
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
