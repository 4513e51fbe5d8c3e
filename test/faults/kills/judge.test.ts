import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Conduct, judgeChanges, judgeConduct, judgeOneWay } from './judge.ts';
import type { Turn } from './ledger.ts';
import type { Ask } from './watched-replica.ts';
import type { Wish } from './wishes.ts';

const revoke: Wish = {
  action: 'RevokeEnterprise',
  at: 0,
  ref: 'alg/alg-1',
  email: 'alg-1@acme.example',
  gid: '17',
  from: 'enterprise',
  to: 'view only',
  removal: true,
  oneWay: false,
};
const creation: Wish = {
  ...revoke,
  action: 'CreateAccount',
  email: 'aac-1@acme.example',
  gid: null,
  from: 'absent',
  to: 'view only',
  removal: false,
  oneWay: true,
};
const turn: Turn = { gid: '17', email: revoke.email, from: 'enterprise', to: 'view only' };
const back: Turn = { ...turn, from: 'view only', to: 'enterprise' };

suite('the judge of changes', () => {
  const rows: readonly [what: string, turns: readonly Turn[], findings: readonly RegExp[]][] = [
    ['reports nothing if a wish led to its change', [turn], []],
    ['reports a lost change', [], [/^not made: RevokeEnterprise/]],
    ['reports a change that was not declared', [turn, back], [/undeclared: alg-1/]],
    [
      'reports a change that was made, undone and made again',
      [turn, back, turn],
      [/undeclared/, /undeclared/],
    ],
    [
      'reports a change with another result than declared',
      [{ ...turn, to: 'out' }],
      [/^not made/, /undeclared/],
    ],
  ];
  for (const [what, turns, findings] of rows) {
    test(what, () => {
      const found = judgeChanges([revoke], turns);
      assert.equal(found.length, findings.length);
      for (const [index, finding] of findings.entries()) assert.match(found[index] ?? '', finding);
    });
  }
});

const post = (at: number): Ask => ({ at, method: 'POST', path: '/scim/Users', body: creation.email });
const patch = (at: number): Ask => ({ at, method: 'PATCH', path: '/scim/Users/17', body: '' });
const look = (at: number): Ask => ({ at, method: 'GET', path: '/scim/Users/17', body: '' });

test('the judge reports a creation that was sent again at once', () => {
  assert.deepEqual(judgeOneWay([creation], [post(1)]), []);
  assert.match(
    judgeOneWay([creation], [post(2), post(1)])[0] ?? '',
    /repeated too early: .* was sent again 1 ms later/,
  );
});

test('the judge accepts a creation that is sent again after four minutes, but only once', () => {
  assert.deepEqual(judgeOneWay([creation], [post(0), post(240_000)]), []);
  assert.equal(judgeOneWay([creation], [post(0), post(240_000), post(240_500)]).length, 1);
});

suite('the judge of conduct', () => {
  const good: Conduct = {
    name: 'process 1',
    asks: [look(2_900), patch(3_000)],
    renewals: [0, 500, 2_800],
    tookOver: true,
  };
  const rows: readonly [what: string, change: Partial<Conduct>, finding: RegExp | null][] = [
    ['reports nothing if a leader reads before it acts', {}, null],
    ['reports a change after the renew deadline', { renewals: [0, 500] }, /after the renew deadline/],
    ['reports a change by a process that never led', { renewals: [] }, /after the renew deadline/],
    ['reports a change without a read before it', { asks: [patch(3_000)] }, /before the process had read/],
    [
      'reports a change that was read only afterwards',
      { asks: [patch(3_000), look(3_100)] },
      /before the process had read/,
    ],
    ['reports a removal directly after a takeover', { renewals: [2_000, 2_800] }, /took over the lease/],
    [
      'reports nothing for the same removal if the process did not take over the lease',
      { renewals: [2_000, 2_800], tookOver: false },
      null,
    ],
  ];
  for (const [what, change, finding] of rows) {
    test(what, () => {
      const [found = ''] = judgeConduct({ ...good, ...change }, [revoke]);
      if (finding === null) assert.equal(found, '');
      else assert.match(found, finding);
    });
  }
});
