import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { doubtAbout, isWorse, restoreDoubt } from '../../src/directory/doubt.ts';
import type { PartName } from '../../src/directory/snapshot.ts';
import { HOUR, judge, measured, type Shape, snapshotOf } from './shaped-snapshots.ts';

suite('a doubt', () => {
  test('a doubt is worse if any part lacks more entries, or another workspace is missing', () => {
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
    const wide = measured({ workspaces: ['500', '600', '700'] });
    const reads = (...workspaces: string[]) => judge({ workspaces }, {}, wide).doubts[0];
    const [no600, no700, neither] = [reads('500', '700'), reads('500', '600'), reads('500')];
    assert.ok(no600 && no700 && neither);
    assert.deepEqual(
      [isWorse(no600, no600), isWorse(no600, no700), isWorse(no600, neither), isWorse(neither, no600)],
      [false, true, true, false],
    );
  });
});

suite('the parts of a reading that a right depends on', () => {
  const intervals = { intervalMs: HOUR, teamIntervalMs: 6 * HOUR };
  const state = { now: HOUR, intervals, doubts: [] };
  const about = (shape: Shape, parts: readonly PartName[], changes: Partial<typeof state> = {}) =>
    doubtAbout(snapshotOf(shape), parts, { ...state, ...changes })?.code ?? null;

  const rows: readonly [Shape, readonly PartName[], number, string | null, string][] = [
    [{}, ['accounts', 'licenses', 'teams'], 1, null, 'the reading is complete and recent'],
    [
      { incomplete: ['teams'] },
      ['accounts', 'licenses'],
      1,
      null,
      'the right does not depend on the incomplete teams',
    ],
    [
      { incomplete: ['teams'] },
      ['teamMemberships'],
      1,
      'Incomplete',
      'team memberships are read with the incomplete teams',
    ],
    [{ scim: false }, ['licenses'], 1, 'NotRead', 'SCIM is off'],
    [{}, ['accounts'], 4, null, 'the accounts are three intervals old'],
    [{}, ['accounts'], 5, 'Outdated', 'the accounts are four intervals old'],
    [{}, ['teams'], 19, null, 'the teams are three of their own intervals old'],
    [{}, ['teams'], 20, 'Outdated', 'the teams are more than three of their own intervals old'],
  ];
  for (const [shape, parts, hour, expected, because] of rows)
    test(`show ${expected ?? 'no fault'}: ${because}`, () => {
      assert.equal(about(shape, parts, { now: hour * HOUR }), expected);
    });

  test('teams with a shorter interval than the syncs are outdated only after three sync intervals', () => {
    const often = { intervals: { intervalMs: HOUR, teamIntervalMs: HOUR / 60 } };
    assert.equal(about({}, ['teamMemberships'], { ...often, now: 4 * HOUR }), null);
    assert.equal(about({}, ['teamMemberships'], { ...often, now: 5 * HOUR }), 'Outdated');
  });

  test('a doubt affects only its own parts, and takes precedence over other faults', () => {
    const { doubts } = judge({ teams: 5 });
    const doubted = { ...state, doubts };
    assert.equal(doubtAbout(snapshotOf(), ['accounts'], doubted), null);
    const fault = doubtAbout(snapshotOf({ incomplete: ['accounts'] }), ['accounts', 'teams'], doubted);
    assert.deepEqual([fault?.code, fault?.part], ['DirectoryShrunk', 'teams']);
  });

  test('are NotRead before the first reading', () => {
    assert.equal(doubtAbout(null, ['accounts'], state)?.code, 'NotRead');
  });
});
