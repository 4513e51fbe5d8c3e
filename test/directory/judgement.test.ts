import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { type Doubt, restoreDoubt } from '../../src/directory/doubt.ts';
import { accept, type JudgementContext, judgeReading } from '../../src/directory/judgement.ts';
import { type Measure, noCounts } from '../../src/directory/measure.ts';
import type { LeftOutWorkspace, PartName } from '../../src/directory/snapshot.ts';
import { context, HOUR, judge, measured, type Shape, snapshotOf } from './shaped-snapshots.ts';

const told = (doubts: readonly Doubt[]) => doubts.map(({ reason, count }) => `${reason} ${count}`);
const leftOut = (gid: string, why: 'Guest' | 'Refused'): LeftOutWorkspace => ({
  gid,
  name: gid,
  organization: true,
  leftOut: why,
});

suite('the measure', () => {
  test('is the first complete reading, with the time at which it began', () => {
    const size = (count: number) => ({ at: HOUR, count });
    assert.deepEqual(measured(), {
      scope: ['500'],
      accounts: size(100),
      licenses: size(100),
      teams: size(50),
      teamMemberships: size(200),
      acceptedShortfall: null,
    });
  });

  test('is updated for complete parts and kept for incomplete ones', () => {
    const { measure } = judge({ accounts: 104, licenses: 103, incomplete: ['accounts', 'teams'] });
    assert.deepEqual(
      [measure?.accounts?.count, measure?.licenses?.count, measure?.teams?.count],
      [100, 103, 50],
    );
  });

  test('a part that was never read completely has no measure, and the organization is not recorded from it', () => {
    const { measure, organizations } = judgeReading(
      null,
      snapshotOf({ incomplete: ['accounts', 'licenses', 'teams'] }),
      context({ organizations: [] }),
    );
    assert.deepEqual([measure, organizations], [null, []]);
  });

  test('is not updated for teams that were carried over from an earlier sync', () => {
    assert.equal(judge({ teamsBegun: 1 }).measure?.teams?.at, HOUR);
  });

  test('a scope that the connector narrows is measured anew without a doubt', () => {
    const wide = measured({ accounts: 300, licenses: 20, workspaces: ['500', '600'] });
    const { measure, doubts } = judge({ accounts: 20 }, { workspaces: ['500'] }, wide);
    assert.deepEqual([doubts, measure?.accounts?.count, measure?.scope], [[], 20, ['500']]);
  });
});

suite('a reading compared with the measure', () => {
  const rows: readonly [Shape, Partial<JudgementContext>, string[], string][] = [
    [{ accounts: 90, licenses: 90 }, {}, [], 'exactly a tenth is missing'],
    [{ accounts: 89 }, {}, ['DirectoryShrunk 11'], '11 of 100 accounts are missing'],
    [{ licenses: 30 }, {}, ['DirectoryShrunk 70'], 'SCIM lists only 30 of 100 licenses'],
    [{ teams: 5 }, {}, ['DirectoryShrunk 180'], '45 teams with 180 memberships are missing'],
    [{ members: 3 }, {}, ['DirectoryShrunk 50'], 'every team lost one member'],
    [{ accounts: 89, incomplete: ['accounts', 'licenses'] }, {}, [], 'incomplete parts are not compared'],
    [{ teams: 5, teamsBegun: 1 }, {}, [], 'carried-over teams are not compared'],
    [
      { accounts: 80, licenses: 80 },
      { removed: { ...noCounts, accounts: 20, licenses: 20 } },
      [],
      'our own actions removed the missing accounts',
    ],
    [
      { accounts: 70, licenses: 70 },
      { removed: { ...noCounts, accounts: 10, licenses: 10 } },
      ['DirectoryShrunk 20'],
      'our own actions removed ten of thirty missing accounts',
    ],
    [
      { inWorkspace: 80 },
      {},
      ['DirectoryShrunk 20'],
      'accounts are still listed but are no longer members of the workspace',
    ],
    [{ scimOnly: true, inWorkspace: 0 }, {}, [], 'memberships are not compared over SCIM alone'],
    [{ accounts: 120, licenses: 120 }, {}, [], 'the directory became larger'],
    [{ scim: false, licenses: 0 }, {}, [], 'SCIM was turned off'],
  ];
  for (const [shape, changes, expected, because] of rows)
    test(`raises ${expected.join() || 'no doubt'}: ${because}`, () => {
      const { doubts } = judge(shape, changes);
      assert.deepEqual(told(doubts), expected);
    });

  test('raises a doubt about a small directory only if more than five accounts are missing', () => {
    const small = measured({ accounts: 8 });
    assert.deepEqual(judge({ accounts: 3 }, {}, small).doubts, []);
    assert.deepEqual(told(judge({ accounts: 2 }, {}, small).doubts), ['DirectoryShrunk 6']);
  });

  test('is doubted only in parts that lack entries, and the other parts become the measure', () => {
    const { doubts, measure } = judge({ accounts: 104, licenses: 104, teams: 5 });
    assert.deepEqual(doubts[0]?.parts, ['teams', 'teamMemberships']);
    assert.match(doubts[0]?.message ?? '', /45 of 50 teams, 180 of 200 team memberships/);
    assert.deepEqual([measure?.accounts?.count, measure?.teams?.count], [104, 50]);
  });

  test('stays in doubt however often it is repeated, until a reading is large enough again', () => {
    let { measure, doubts } = judge({ teams: 5 });
    for (const begun of [3, 4, 5]) {
      ({ measure, doubts } = judge({ teams: 5, begun }, { doubts }, measure));
      assert.deepEqual(told(doubts), ['DirectoryShrunk 180']);
    }
    ({ measure, doubts } = judge({ teams: 48, begun: 6 }, { doubts }, measure));
    assert.deepEqual([doubts, measure?.teams?.count], [[], 48]);
  });

  for (const [shape, because] of [
    [{ incomplete: ['teams'] }, 'is incomplete'],
    [{ teamsBegun: 1 }, 'is carried over'],
    [{ teamsRead: false }, 'has not been read yet'],
  ] as const)
    test(`stays in doubt while the part in doubt ${because}`, () => {
      const first = judge({ teams: 5 });
      const { doubts } = judge({ begun: 3, ...shape }, { doubts: first.doubts }, first.measure);
      assert.deepEqual(told(doubts), ['DirectoryShrunk 180']);
    });

  test('stays in doubt across a restart until every part is read completely', () => {
    const lacking = { accounts: 45, teams: 20, teamMemberships: 45 };
    const restored = [restoreDoubt({ reason: 'DirectoryShrunk', count: 45, missing: lacking, places: [] })];
    const accounts = judge({ teamsRead: false }, { doubts: restored });
    assert.deepEqual(
      [told(accounts.doubts), accounts.doubts[0]?.parts],
      [['DirectoryShrunk 45'], ['teams', 'teamMemberships']],
    );
    assert.deepEqual(judge({}, { doubts: accounts.doubts }, accounts.measure).doubts, []);
  });
});

suite('a workspace that was read before', () => {
  const wide = measured({ workspaces: ['500', '600'] });
  for (const [shape, message] of [
    [{}, /600, which was read before, is no longer visible/],
    [{ leftOut: [leftOut('600', 'Refused')] }, /600, which was read before, now rejects/],
    [
      { leftOut: [leftOut('600', 'Guest')] },
      /600, which was read before, now has the account of the token as a guest/,
    ],
  ] as const)
    test(`raises a doubt if it is not read now: ${message.source}`, () => {
      const { doubts, measure } = judge(shape, {}, wide);
      assert.deepEqual(told(doubts), ['DirectoryShrunk 1']);
      assert.match(doubts[0]?.message ?? '', message);
      assert.deepEqual(measure, wide);
    });

  test('raises no doubt if the connector no longer names it', () => {
    assert.deepEqual(judge({}, { workspaces: ['500'] }, wide).doubts, []);
  });

  test('raises no further doubt once its absence is accepted', () => {
    const { measure } = accept(judge({}, {}, wide), 'DirectoryShrunk');
    assert.deepEqual([measure?.scope, judge({ begun: 3 }, {}, measure).doubts], [['500'], []]);
  });
});

suite('another organization', () => {
  const other: Shape = { workspaces: ['700'], organizations: ['700'], accounts: 3, licenses: 3 };
  for (const incomplete of [
    [],
    ['accounts'],
    ['licenses', 'teams'],
    ['accounts', 'licenses', 'teams'],
  ] as const)
    test(`is detected with ${incomplete.join(', ') || 'nothing'} incomplete, and neither measured nor recorded`, () => {
      const before = measured();
      const { doubts, measure, organizations } = judge({ ...other, incomplete });
      assert.deepEqual(told(doubts), ['OrganizationChanged 0']);
      assert.deepEqual([measure, organizations], [before, ['500']]);
    });

  test('replaces the whole measure once it is accepted', () => {
    const { measure, organizations } = accept(
      judge({ ...other, incomplete: ['teams'] }),
      'OrganizationChanged',
    );
    assert.deepEqual(organizations, ['700']);
    assert.deepEqual([measure?.scope, measure?.accounts?.count, measure?.teams], [['700'], 3, null]);
    assert.deepEqual(judge({ ...other, begun: 3 }, { organizations }, measure).doubts, []);
  });

  test('an organization that now rejects the token counts as shrunk, not as changed', () => {
    const { doubts } = judge({ ...other, leftOut: [leftOut('500', 'Refused')] });
    assert.equal(doubts[0]?.reason, 'DirectoryShrunk');
  });

  test('SCIM IDs that match no gid count as another organization until they are accepted', () => {
    const judged = judge({ foreign: true, licenses: 0 });
    assert.deepEqual(told(judged.doubts), ['OrganizationChanged 0']);
    const { measure } = accept(judged, 'OrganizationChanged');
    assert.deepEqual(judge({ foreign: true, licenses: 0, begun: 3 }, {}, measure).doubts, []);
  });

  test('an incomplete reading does not end the doubt, and a complete one does', () => {
    const { doubts } = judge({ foreign: true, licenses: 0 });
    assert.deepEqual(judge({ incomplete: ['licenses'] }, { doubts }).doubts, doubts);
    assert.deepEqual(judge({}, { doubts }).doubts, []);
  });

  test('over SCIM alone, no organization is recorded', () => {
    const judged = judgeReading(null, snapshotOf({ scimOnly: true }), context({ organizations: [] }));
    assert.deepEqual([judged.doubts, judged.organizations, judged.measure?.accounts?.count], [[], [], 100]);
  });
});

suite('a short listing', () => {
  const repeat = (shorts: readonly number[]) => {
    let judged = judge({ short: shorts[0] ?? 0 });
    shorts.slice(1).forEach((short, index) => {
      const { doubts, streak, measure } = judged;
      judged = judge({ short, begun: 3 + index }, { doubts, streak }, measure);
    });
    return judged;
  };
  for (const [shorts, expected] of [
    [[1, 1], []],
    [[1, 1, 1], ['ListingShort 1']],
    [[1, 2, 1], []],
    [[2, 1, 1, 1], ['ListingShort 1']],
    [[1, 1, 1, 4], ['ListingShort 4']],
    [[1, 1, 1, 0], []],
  ] as const)
    test(`raises ${expected.join() || 'no doubt'} if it is short by ${shorts.join(', ')} in turn`, () => {
      assert.deepEqual(told(repeat(shorts).doubts), expected);
    });

  test('counts once if a reading is judged twice', () => {
    const first = judge({ short: 1 });
    assert.equal(judge({ short: 1 }, { streak: first.streak }).streak?.times, 1);
  });

  test('is accepted up to its size, and a smaller shortfall lowers the accepted one', () => {
    const { measure } = accept(repeat([3, 3, 3]), 'ListingShort');
    assert.equal(measure?.acceptedShortfall, 3);
    const later = judge({ short: 1, shortAccepted: true, begun: 9 }, {}, measure);
    assert.deepEqual([later.doubts, later.measure?.acceptedShortfall], [[], 1]);
    const broken = judge({ incomplete: ['licenses'], begun: 9 }, {}, measure);
    assert.equal(broken.measure?.acceptedShortfall, 3, 'an incomplete reading does not change it');
  });

  test('is accepted without accepting a smaller directory', () => {
    const judged = repeat([3, 3, 3]);
    const { measure } = accept(
      judge({ short: 3, teams: 5, begun: 9 }, judged, judged.measure),
      'ListingShort',
    );
    assert.equal(measure?.teams?.count, 50);
  });
});

suite('accepting a doubt', () => {
  test('covers exactly what was judged, and a worse reading is doubted again', () => {
    const judged = judge({ teams: 30 });
    const { measure } = accept(judged, 'DirectoryShrunk');
    assert.deepEqual(judge({ teams: 30, begun: 3 }, {}, measure).doubts, []);
    const worse = judge({ teams: 20, begun: 3 }, {}, measure).doubts;
    assert.deepEqual(told(worse), ['DirectoryShrunk 40']);
  });

  test('measures a part that could not be read again as it was when it was doubted', () => {
    const first = judge({ teams: 30 });
    const later = judge({ incomplete: ['teams'], begun: 3 }, { doubts: first.doubts }, first.measure);
    assert.equal(accept(later, 'DirectoryShrunk').measure?.teams?.count, 30);
  });

  test('changes nothing if there is no such doubt', () => {
    const judged = judge({});
    assert.deepEqual(accept(judged, 'DirectoryShrunk').measure, judged.measure);
  });
});

suite('properties of the measure', () => {
  const incomplete = fc.subarray(['accounts', 'licenses', 'teams'] as const);
  const shapes = fc.record({
    accounts: fc.integer({ min: 0, max: 200 }),
    licenses: fc.integer({ min: 0, max: 200 }),
    teams: fc.integer({ min: 0, max: 60 }),
    members: fc.integer({ min: 0, max: 6 }),
    incomplete,
    short: fc.constantFrom(0, 0, 1),
    foreign: fc.constantFrom(false, false, false, true),
    organizations: fc.constantFrom(['500'], ['500'], ['500'], ['700']),
  });
  const shapeOf = (shape: Shape): Shape => {
    const licenses = Math.min(shape.licenses ?? 0, shape.accounts ?? 0);
    return { ...shape, licenses, workspaces: shape.organizations ?? ['500'] };
  };

  test('no unaccepted reading reduces a part by more than a tenth or five, whichever is larger', () => {
    fc.assert(
      fc.property(fc.array(shapes, { minLength: 1, maxLength: 12 }), (run) => {
        let measure: Measure | null = measured();
        let doubts: readonly Doubt[] = [];
        let streak: JudgementContext['streak'] = null;
        run.forEach((shape, index) => {
          const before: Measure | null = measure;
          const snapshot = snapshotOf({ ...shapeOf(shape), begun: index + 2 });
          ({ measure, doubts, streak } = judgeReading(before, snapshot, context({ doubts, streak })));
          for (const name of ['accounts', 'licenses', 'teams', 'teamMemberships'] as const) {
            const [old, now] = [before?.[name]?.count ?? 0, measure?.[name]?.count ?? 0];
            assert.ok(old - now <= Math.max(5, old / 10), `${name}: ${old} to ${now}`);
          }
          assert.deepEqual(measure?.scope, ['500']);
        });
      }),
    );
  });

  test('a part that is incomplete, in doubt or foreign keeps its measure', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const before = measured();
        const { measure, doubts } = judge(shapeOf(shape));
        const names: Record<'accounts' | 'licenses' | 'teams', readonly PartName[]> = {
          accounts: ['accounts'],
          licenses: ['licenses'],
          teams: ['teams', 'teamMemberships'],
        };
        const kept = [
          ...shape.incomplete.flatMap((part) => names[part]),
          ...doubts.flatMap(({ parts }) => parts),
        ];
        for (const name of kept) assert.deepEqual(measure?.[name], before[name]);
      }),
    );
  });

  test('judging a reading twice returns the same judgement', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const once = judge(shapeOf(shape));
        const { doubts, streak, measure, organizations } = once;
        const twice = judge(shapeOf(shape), { doubts, streak, organizations }, measure);
        assert.deepEqual(twice, once);
      }),
    );
  });

  test('an accepted reading is not doubted for the same reason when it is read again', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const accepted = { ...shapeOf(shape), incomplete: [], short: 0 };
        const judged = judge(accepted);
        for (const { reason } of judged.doubts) {
          const { measure, organizations } = accept(judged, reason);
          const again = judge({ ...accepted, begun: 3 }, { organizations }, measure).doubts;
          assert.ok(!again.some((doubt) => doubt.reason === reason), told(again).join());
        }
      }),
    );
  });
});
