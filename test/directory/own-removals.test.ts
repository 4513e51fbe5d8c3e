import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { Directory } from '../../src/directory/directory.ts';
import { noCounts } from '../../src/directory/measure.ts';
import { OwnRemovals } from '../../src/directory/own-removals.ts';
import { HOUR, measured, snapshotOf } from './shaped-snapshots.ts';

suite('removals by our own actions', () => {
  test('are counted from the start of the measured reading, with team memberships of leavers', () => {
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
      because: 'a person left a plain workspace and not the organization',
    },
    {
      workspace: '999',
      isGone: true,
      expected: [1, 0, 0],
      because: 'a person left a plain workspace and was nowhere else',
    },
    {
      workspace: '500',
      isGone: false,
      expected: [0, 1, 12],
      because: 'a person left the organization and is still in a plain workspace',
    },
  ]) {
    test(`are counted as ${expected.join(', ')} accounts, licenses and team memberships if ${because}`, () => {
      const removals = new OwnRemovals();
      removals.note({ user: '1', workspace }, { at: HOUR + 1, isGone });
      const { accounts, licenses, teamMemberships } = removals.since(measured(), snapshotOf({ teams: 3 }));
      assert.deepEqual([accounts, licenses, teamMemberships], expected);
    });
  }

  for (const { place, stays, expected, because } of [
    { place: '500', stays: false, expected: 1, because: 'the person is in no other workspace that is read' },
    { place: '500', stays: true, expected: 0, because: 'the person is in another workspace that is read' },
    { place: '900', stays: false, expected: 0, because: 'the workspace is not read' },
  ]) {
    test(`are counted as ${expected} accounts of a directory if ${because}`, () => {
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
