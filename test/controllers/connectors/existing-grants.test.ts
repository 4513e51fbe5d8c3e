import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { existingGrantOf, rosterEntryOf } from '../../../src/controllers/connectors/existing-grants.ts';
import { grantObject } from '../objects.ts';

const last = { id: 'a1', type: 'GrantEnterprise', at: '2026-11-30T00:00:00Z', result: 'Pending' } as const;

suite('an existing grant', () => {
  test('counts the same person for one gid in every organization', () => {
    const [license, workspace] = ['1200', '1100'].map((organization) =>
      rosterEntryOf(grantObject({ status: { user: { gid: '7', organization } } })),
    );
    assert.equal(license?.person, workspace?.person);
  });

  for (const [because, lastAction, upgrades] of [
    ['an upgrade is pending', last, '7'],
    ['the upgrade has ended', { ...last, result: 'Succeeded' }, null],
    ['a downgrade is pending', { ...last, type: 'RevokeEnterprise' }, null],
  ] as const)
    test(`${upgrades === null ? 'reserves no' : 'reserves a'} license if ${because}`, () => {
      const object = grantObject({ status: { user: { gid: '7' }, lastAction } });
      assert.equal(existingGrantOf(object).upgrades, upgrades);
    });
});
