import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { countLost, type ReadingSize, scopeOf } from '../../src/directory/reading-size.ts';

const size = (accounts: number, listed: number | null = accounts, scope = '500!'): ReadingSize => ({
  scope,
  accounts,
  listed,
});

suite('a reading that has shrunk', () => {
  const rows: readonly [from: number, to: number, lost: number, because: string][] = [
    [10_000, 5, 9_995, 'a token that lost its permissions'],
    [100, 90, 0, 'exactly ten per cent is not more'],
    [100, 89, 11, 'eleven per cent, eleven accounts'],
    [20, 15, 0, 'five accounts are not more than five'],
    [20, 14, 6, 'six of twenty'],
    [10, 0, 10, 'an empty answer under 200'],
    [5, 0, 0, 'five accounts in all'],
    [100, 200, 0, 'growth'],
  ];
  for (const [from, to, lost, because] of rows) {
    test(`from ${from} to ${to} accounts ${lost} are missing: ${because}`, () => {
      assert.equal(countLost(size(from), size(to)), lost, because);
    });
  }

  test('licenses that vanish while the accounts stay are noticed too', () => {
    assert.equal(countLost(size(100), size(100, 0)), 100);
  });

  test('licenses that were not asked for, then or now, are no loss', () => {
    assert.equal(countLost(size(100), size(100, null)), 0);
    assert.equal(countLost(size(100, null), size(100, 3)), 0);
  });

  test('other workspaces explain it', () => {
    assert.equal(countLost(size(100), size(10, 10, '500! 501')), 0);
  });
});

suite('the scope of a reading', () => {
  test('does not depend on the order in which workspaces were listed', () => {
    const [a, b] = [
      { gid: '500', organization: true },
      { gid: '501', organization: false },
    ];
    assert.equal(scopeOf([a, b]), scopeOf([b, a]));
  });

  test('a workspace that became an organization is another scope', () => {
    assert.notEqual(
      scopeOf([{ gid: '5', organization: true }]),
      scopeOf([{ gid: '5', organization: false }]),
    );
  });
});
