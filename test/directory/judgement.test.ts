import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { systemClock } from '../../src/core/clock.ts';
import { Directory } from '../../src/directory/directory.ts';
import { type Doubt, doubtAbout, isWorse, restoreDoubt } from '../../src/directory/doubt.ts';
import { accept, type JudgementContext, judgeReading } from '../../src/directory/judgement.ts';
import { type Measure, noCounts } from '../../src/directory/measure.ts';
import { OwnRemovals } from '../../src/directory/own-removals.ts';
import type {
  Account,
  LeftOutWorkspace,
  Part,
  PartName,
  Snapshot,
  Team,
} from '../../src/directory/snapshot.ts';

const HOUR = 3_600_000;

interface Shape {
  accounts?: number;
  /** The number of accounts that are members of the workspace; default all. */
  inWorkspace?: number;
  licenses?: number;
  teams?: number;
  /** Members per team. */
  members?: number;
  /** When the sync began; a later sync has a larger number. */
  begun?: number;
  incomplete?: readonly ('accounts' | 'licenses' | 'teams')[];
  /** When the sync of the teams began, if an earlier sync read them. */
  teamsBegun?: number;
  teamsRead?: boolean;
  scim?: boolean;
  workspaces?: readonly string[];
  organizations?: readonly string[];
  leftOut?: readonly LeftOutWorkspace[];
  scimOnly?: boolean;
  foreign?: boolean;
  /** The number of licenses that were announced but not received. */
  short?: number;
  shortAccepted?: boolean;
}

function snapshotOf(shape: Shape = {}): Snapshot {
  const { accounts = 100, licenses = accounts, teams = 50, members = 4, begun = 1, incomplete = [] } = shape;
  const { workspaces = ['500'], organizations = ['500'], short = 0 } = shape;
  const partOf = (name: 'accounts' | 'licenses' | 'teams', at = begun): Part => {
    const complete =
      !incomplete.includes(name) && !(name === 'licenses' && short > 0 && !shape.shortAccepted);
    const part = {
      at: at * HOUR,
      startedAt: at * HOUR,
      begunAt: at,
      complete,
      incompleteBecause: complete ? null : 'cut off',
    };
    const isShort = name === 'licenses' && short > 0 && !incomplete.includes('licenses');
    return isShort ? { ...part, shortfall: { announced: licenses + short, received: licenses } } : part;
  };
  const scim = { id: '1', userName: 'u', active: true, userType: null, attributes: {} };
  const inThere = { gid: 'w', workspace: '500', active: true, role: 'Member', viewOnly: null } as const;
  const { inWorkspace = accounts } = shape;
  const people = Array.from({ length: accounts }, (_, index): Account => {
    const gid = String(index);
    return {
      gid,
      email: null,
      name: gid,
      memberships: index < inWorkspace ? [inThere] : [],
      scim: index < licenses ? scim : null,
      license: null,
    };
  });
  const membership = { gid: 'm', user: '1', admin: false, guest: false, limitedAccess: false };
  const teamList = Array.from({ length: teams }, (_, index): Team => {
    const gid = `t${index}`;
    return {
      gid,
      name: gid,
      organization: '500',
      memberships: Array.from({ length: members }, () => membership),
    };
  });
  const workspaceList = workspaces.map((gid) => ({
    gid,
    name: gid,
    organization: organizations.includes(gid),
  }));
  return {
    parts: {
      accounts: partOf('accounts'),
      licenses: shape.scim === false ? null : partOf('licenses'),
      teams: shape.teamsRead === false ? null : partOf('teams', shape.teamsBegun),
    },
    workspaces: workspaceList,
    leftOut: shape.leftOut ?? [],
    organization: workspaceList.find(({ organization }) => organization) ?? null,
    scimOnly: shape.scimOnly ?? false,
    scimIdsForeign: shape.foreign ?? false,
    self: null,
    accounts: new Map(people.map((one) => [one.gid, one])),
    gidsByEmail: new Map(),
    teams: new Map(teamList.map((team) => [team.gid, team])),
    requests: 0,
  };
}

const context = (changes: Partial<JudgementContext> = {}): JudgementContext => ({
  organizations: ['500'],
  workspaces: undefined,
  removed: noCounts,
  doubts: [],
  streak: null,
  ...changes,
});

/** Returns the measure of a first good reading: 100 accounts and licenses, 50 teams of 4. */
function measured(shape: Shape = {}): Measure {
  const { measure, doubts } = judgeReading(null, snapshotOf(shape), context({ organizations: [] }));
  assert.ok(measure && doubts.length === 0);
  return measure;
}

/** Judges a reading that follows the first good one. */
const judge = (shape: Shape, changes: Partial<JudgementContext> = {}, measure: Measure | null = measured()) =>
  judgeReading(measure, snapshotOf({ begun: 2, ...shape }), context(changes));

const told = (doubts: readonly Doubt[]) => doubts.map(({ reason, count }) => `${reason} ${count}`);
const leftOut = (gid: string, why: 'Guest' | 'Refused'): LeftOutWorkspace => ({
  gid,
  name: gid,
  organization: true,
  leftOut: why,
});

suite('the measure', () => {
  test('is the first whole reading, with the time it began', () => {
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

  test('takes each part that is whole, and keeps the old one of those that are not', () => {
    const { measure } = judge({ accounts: 104, licenses: 103, incomplete: ['accounts', 'teams'] });
    assert.deepEqual(
      [measure?.accounts?.count, measure?.licenses?.count, measure?.teams?.count],
      [100, 103, 50],
    );
  });

  test('of a part that was never read whole is none, and the organization is not recorded from it', () => {
    const { measure, organizations } = judgeReading(
      null,
      snapshotOf({ incomplete: ['accounts', 'licenses', 'teams'] }),
      context({ organizations: [] }),
    );
    assert.deepEqual([measure, organizations], [null, []]);
  });

  test('does not move for teams that an earlier sync read', () => {
    assert.equal(judge({ teamsBegun: 1 }).measure?.teams?.at, HOUR);
  });

  test('of a narrower scope that the connector asks for is not compared with the wider one', () => {
    const wide = measured({ accounts: 300, licenses: 20, workspaces: ['500', '600'] });
    const { measure, doubts } = judge({ accounts: 20 }, { workspaces: ['500'] }, wide);
    assert.deepEqual([doubts, measure?.accounts?.count, measure?.scope], [[], 20, ['500']]);
  });
});

suite('a reading that is suddenly smaller', () => {
  const rows: readonly [Shape, Partial<JudgementContext>, string[], string][] = [
    [{ accounts: 90, licenses: 90 }, {}, [], 'exactly a tenth is no more than a tenth'],
    [{ accounts: 89 }, {}, ['DirectoryShrunk 11'], 'eleven of a hundred accounts'],
    [{ licenses: 30 }, {}, ['DirectoryShrunk 70'], 'SCIM lists 30 of 100 as all'],
    [{ teams: 5 }, {}, ['DirectoryShrunk 180'], '45 teams, and 180 places in them'],
    [{ members: 3 }, {}, ['DirectoryShrunk 50'], 'every team lost one'],
    [{ accounts: 89, incomplete: ['accounts', 'licenses'] }, {}, [], 'what is not whole is not compared'],
    [{ teams: 5, teamsBegun: 1 }, {}, [], 'what was not read anew is not compared'],
    [
      { accounts: 80, licenses: 80 },
      { removed: { ...noCounts, accounts: 20, licenses: 20 } },
      [],
      'our own actions removed them',
    ],
    [
      { accounts: 70, licenses: 70 },
      { removed: { ...noCounts, accounts: 10, licenses: 10 } },
      ['DirectoryShrunk 20'],
      'our own actions removed ten of thirty',
    ],
    [
      { inWorkspace: 80 },
      {},
      ['DirectoryShrunk 20'],
      'users and SCIM list them still, but the workspace does not have them as members',
    ],
    [{ scimOnly: true, inWorkspace: 0 }, {}, [], 'SCIM alone tells nothing of memberships'],
    [{ accounts: 120, licenses: 120 }, {}, [], 'larger is never suspicious'],
    [{ scim: false, licenses: 0 }, {}, [], 'SCIM was turned off'],
  ];
  for (const [shape, changes, expected, because] of rows)
    test(`${because}: ${expected.join() || 'no doubt'}`, () => {
      const { doubts } = judge(shape, changes);
      assert.deepEqual(told(doubts), expected);
    });

  test('five of a few are no doubt, six are', () => {
    const small = measured({ accounts: 8 });
    assert.deepEqual(judge({ accounts: 3 }, {}, small).doubts, []);
    assert.deepEqual(told(judge({ accounts: 2 }, {}, small).doubts), ['DirectoryShrunk 6']);
  });

  test('doubts only the parts that lack something, and the others are measured', () => {
    const { doubts, measure } = judge({ accounts: 104, licenses: 104, teams: 5 });
    assert.deepEqual(doubts[0]?.parts, ['teams', 'teamMemberships']);
    assert.match(doubts[0]?.message ?? '', /45 of 50 teams, 180 of 200 team memberships/);
    assert.deepEqual([measure?.accounts?.count, measure?.teams?.count], [104, 50]);
  });

  test('is doubted however often it is repeated, and until a reading is as large as before', () => {
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
    [{ teamsBegun: 1 }, 'is carried over from before'],
    [{ teamsRead: false }, 'has not come yet'],
  ] as const)
    test(`stays doubted while the part in doubt ${because}`, () => {
      const first = judge({ teams: 5 });
      const { doubts } = judge({ begun: 3, ...shape }, { doubts: first.doubts }, first.measure);
      assert.deepEqual(told(doubts), ['DirectoryShrunk 180']);
    });

  test('stays doubted over a restart until every part was read whole', () => {
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
    test(`and is not read now: ${message.source}`, () => {
      const { doubts, measure } = judge(shape, {}, wide);
      assert.deepEqual(told(doubts), ['DirectoryShrunk 1']);
      assert.match(doubts[0]?.message ?? '', message);
      assert.deepEqual(measure, wide);
    });

  test('and that the connector does not name any more is no doubt', () => {
    assert.deepEqual(judge({}, { workspaces: ['500'] }, wide).doubts, []);
  });

  test('and was accepted as gone is not missed again', () => {
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
    test(`is seen with ${incomplete.join(', ') || 'nothing'} incomplete, and nothing of it is kept`, () => {
      const before = measured();
      const { doubts, measure, organizations } = judge({ ...other, incomplete });
      assert.deepEqual(told(doubts), ['OrganizationChanged 0']);
      assert.deepEqual([measure, organizations], [before, ['500']]);
    });

  test('accepted, it becomes the measure, and nothing of the old one stays', () => {
    const { measure, organizations } = accept(
      judge({ ...other, incomplete: ['teams'] }),
      'OrganizationChanged',
    );
    assert.deepEqual(organizations, ['700']);
    assert.deepEqual([measure?.scope, measure?.accounts?.count, measure?.teams], [['700'], 3, null]);
    assert.deepEqual(judge({ ...other, begun: 3 }, { organizations }, measure).doubts, []);
  });

  test('one that refuses the token now is not another one', () => {
    const { doubts } = judge({ ...other, leftOut: [leftOut('500', 'Refused')] });
    assert.equal(doubts[0]?.reason, 'DirectoryShrunk');
  });

  test('SCIM ids that match no gid are one, until a person accepts them, restarts included', () => {
    const judged = judge({ foreign: true, licenses: 0 });
    assert.deepEqual(told(judged.doubts), ['OrganizationChanged 0']);
    const { measure } = accept(judged, 'OrganizationChanged');
    assert.deepEqual(judge({ foreign: true, licenses: 0, begun: 3 }, {}, measure).doubts, []);
  });

  test('half a reading does not end it', () => {
    const { doubts } = judge({ foreign: true, licenses: 0 });
    assert.deepEqual(judge({ incomplete: ['licenses'] }, { doubts }).doubts, doubts);
    assert.deepEqual(judge({}, { doubts }).doubts, []);
  });

  test('over SCIM alone nothing names the organization, and none is recorded', () => {
    const judged = judgeReading(null, snapshotOf({ scimOnly: true }), context({ organizations: [] }));
    assert.deepEqual([judged.doubts, judged.organizations, judged.measure?.accounts?.count], [[], [], 100]);
  });
});

suite('a listing that is short', () => {
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
    test(`by ${shorts.join(', ')}: ${expected.join() || 'no doubt'}`, () => {
      assert.deepEqual(told(repeat(shorts).doubts), expected);
    });

  test('counts once for a reading that is judged twice', () => {
    const first = judge({ short: 1 });
    assert.equal(judge({ short: 1 }, { streak: first.streak }).streak?.times, 1);
  });

  test('is accepted as far as it goes, and the acceptance falls with it', () => {
    const { measure } = accept(repeat([3, 3, 3]), 'ListingShort');
    assert.equal(measure?.acceptedShortfall, 3);
    const later = judge({ short: 1, shortAccepted: true, begun: 9 }, {}, measure);
    assert.deepEqual([later.doubts, later.measure?.acceptedShortfall], [[], 1]);
    const broken = judge({ incomplete: ['licenses'], begun: 9 }, {}, measure);
    assert.equal(broken.measure?.acceptedShortfall, 3, 'a partial reading says nothing of it');
  });

  test('does not accept a smaller directory with it', () => {
    const judged = repeat([3, 3, 3]);
    const { measure } = accept(
      judge({ short: 3, teams: 5, begun: 9 }, judged, judged.measure),
      'ListingShort',
    );
    assert.equal(measure?.teams?.count, 50);
  });
});

suite('accepting', () => {
  test('takes exactly what was judged: a reading that gets worse is doubted anew', () => {
    const judged = judge({ teams: 30 });
    const { measure } = accept(judged, 'DirectoryShrunk');
    assert.deepEqual(judge({ teams: 30, begun: 3 }, {}, measure).doubts, []);
    const worse = judge({ teams: 20, begun: 3 }, {}, measure).doubts;
    assert.deepEqual(told(worse), ['DirectoryShrunk 40']);
  });

  test('takes a part that could not be read again as it was when it was doubted', () => {
    const first = judge({ teams: 30 });
    const later = judge({ incomplete: ['teams'], begun: 3 }, { doubts: first.doubts }, first.measure);
    assert.equal(accept(later, 'DirectoryShrunk').measure?.teams?.count, 30);
  });

  test('of what is not doubted changes nothing', () => {
    const judged = judge({});
    assert.deepEqual(accept(judged, 'DirectoryShrunk').measure, judged.measure);
  });

  test('a doubt is worse when any part lacks more, or another place is lost', () => {
    const teams = judge({ teams: 30 }).doubts[0];
    const fewer = judge({ teams: 20 }).doubts[0];
    const others = judge({ accounts: 50 }).doubts[0];
    assert.ok(teams && fewer && others);
    assert.deepEqual(
      [isWorse(teams, teams), isWorse(teams, fewer), isWorse(fewer, teams), isWorse(teams, others)],
      [false, true, false, true],
    );
    const { reason, count, missing, places } = teams;
    const restored = restoreDoubt({ reason, count, missing, places });
    assert.deepEqual([isWorse(restored, teams), isWorse(restored, others)], [false, true]);
  });
});

suite('laws of the measure', () => {
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

  test('no run of readings makes a part smaller by more than a tenth and five in one step, unaccepted', () => {
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

  test('a part that is incomplete, doubted or foreign is measured as before', () => {
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

  test('judging a reading twice says the same twice', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const once = judge(shapeOf(shape));
        const { doubts, streak, measure, organizations } = once;
        const twice = judge(shapeOf(shape), { doubts, streak, organizations }, measure);
        assert.deepEqual(twice, once);
      }),
    );
  });

  test('what was accepted is not doubted when it is read again', () => {
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

suite('what parts of a reading justify', () => {
  const intervals = { intervalMs: HOUR, teamIntervalMs: 6 * HOUR };
  const state = { now: HOUR, intervals, doubts: [] };
  const about = (shape: Shape, parts: readonly PartName[], changes: Partial<typeof state> = {}) =>
    doubtAbout(snapshotOf(shape), parts, { ...state, ...changes })?.code ?? null;

  const rows: readonly [Shape, readonly PartName[], number, string | null, string][] = [
    [{}, ['accounts', 'licenses', 'teams'], 1, null, 'a whole and fresh reading'],
    [{ incomplete: ['teams'] }, ['accounts', 'licenses'], 1, null, 'a right is not read from teams'],
    [
      { incomplete: ['teams'] },
      ['teamMemberships'],
      1,
      'Incomplete',
      'who is in them is read with the teams',
    ],
    [{ scim: false }, ['licenses'], 1, 'NotRead', 'SCIM is off'],
    [{}, ['accounts'], 4, null, 'three intervals are allowed'],
    [{}, ['accounts'], 5, 'Outdated', 'four are not'],
    [{}, ['teams'], 19, null, 'teams have an interval of their own'],
    [{}, ['teams'], 20, 'Outdated', 'which they may miss three times'],
  ];
  for (const [shape, parts, hour, expected, because] of rows)
    test(`${because}: ${expected ?? 'everything'}`, () => {
      assert.equal(about(shape, parts, { now: hour * HOUR }), expected);
    });

  test('teams whose own interval is shorter than that of the syncs that read them may miss three syncs', () => {
    const often = { intervals: { intervalMs: HOUR, teamIntervalMs: HOUR / 60 } };
    assert.equal(about({}, ['teamMemberships'], { ...often, now: 4 * HOUR }), null);
    assert.equal(about({}, ['teamMemberships'], { ...often, now: 5 * HOUR }), 'Outdated');
  });

  test('a doubt about another part is none about this one, and comes before everything else', () => {
    const { doubts } = judge({ teams: 5 });
    const doubted = { ...state, doubts };
    assert.equal(doubtAbout(snapshotOf(), ['accounts'], doubted), null);
    const fault = doubtAbout(snapshotOf({ incomplete: ['accounts'] }), ['accounts', 'teams'], doubted);
    assert.deepEqual([fault?.code, fault?.part], ['DirectoryShrunk', 'teams']);
  });

  test('before the first reading nothing is justified', () => {
    assert.equal(doubtAbout(null, ['accounts'], state)?.code, 'NotRead');
  });
});

suite('what our own actions removed', () => {
  test('counts from the moment the measured reading began, leavers with their places in teams', () => {
    const removals = new OwnRemovals();
    const snapshot = snapshotOf({ teams: 3 });
    const left = { workspace: '500' };
    removals.note({ user: '8', ...left }, { at: HOUR - 1, isGone: true });
    removals.note({ user: '1', ...left }, { at: HOUR, isGone: true });
    removals.note({ user: '1', ...left }, { at: HOUR + 1, isGone: true });
    removals.note({ user: '9', team: 't0', organization: '500' }, { at: HOUR + 1, isGone: false });
    assert.deepEqual(removals.since(measured(), snapshot), {
      accounts: 1,
      licenses: 1,
      teams: 0,
      teamMemberships: 13,
    });
    assert.deepEqual(removals.since(null, snapshot), noCounts);
  });

  for (const { workspace, isGone, expected, because } of [
    {
      workspace: '999',
      isGone: false,
      expected: [0, 0, 0],
      because: 'a plain workspace was left, and the organization with its teams was not',
    },
    {
      workspace: '999',
      isGone: true,
      expected: [1, 0, 0],
      because: 'they were nowhere else, and so had no license and no team',
    },
    {
      workspace: '500',
      isGone: false,
      expected: [0, 1, 12],
      because: 'the organization was left, and they are in a plain workspace still',
    },
  ]) {
    test(`is ${expected.join(', ')} accounts, licenses and places in teams where ${because}`, () => {
      const removals = new OwnRemovals();
      removals.note({ user: '1', workspace }, { at: HOUR + 1, isGone });
      const { accounts, licenses, teamMemberships } = removals.since(measured(), snapshotOf({ teams: 3 }));
      assert.deepEqual([accounts, licenses, teamMemberships], expected);
    });
  }

  for (const { place, stays, expected, because } of [
    { place: '500', stays: false, expected: 1, because: 'they were in no other workspace that is read here' },
    { place: '500', stays: true, expected: 0, because: 'they are in another workspace that is read here' },
    { place: '900', stays: false, expected: 0, because: 'that place is not read here' },
  ]) {
    test(`takes ${expected} accounts out of a directory where ${because}`, () => {
      const snapshot = snapshotOf({ workspaces: ['500', '600'] });
      const directory = new Directory(systemClock);
      directory.adopt(snapshot);
      const account = snapshot.accounts.get('1');
      assert.ok(account);
      const there = { gid: 'w6', workspace: '600', active: true, role: 'Member', viewOnly: null } as const;
      if (stays) directory.lay({ ...account, memberships: [there] }, directory.now(), '600');
      directory.noteRemoval({ user: '1', workspace: place });
      assert.equal(directory.removedSince(measured()).accounts, expected);
    });
  }
});
