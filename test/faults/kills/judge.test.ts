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

suite('the judge of changes finds', () => {
  const rows: readonly [what: string, turns: readonly Turn[], findings: readonly RegExp[]][] = [
    ['nothing where a wish has led to its change', [turn], []],
    ['a change that is lost', [], [/^not made: RevokeEnterprise/]],
    ['a change that somebody made who was not asked', [turn, back], [/undeclared: alg-1/]],
    ['a change that was made, undone and made again', [turn, back, turn], [/undeclared/, /undeclared/]],
    ['a change that led elsewhere', [{ ...turn, to: 'out' }], [/^not made/, /undeclared/]],
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

test('the judge finds a creation that was sent twice', () => {
  assert.deepEqual(judgeOneWay([creation], [post(1)]), []);
  assert.match(
    judgeOneWay([creation], [post(2), post(1)])[0] ?? '',
    /repeated too early: .* was sent again 1 ms later/,
  );
});

test('the judge accepts a creation that comes again after four minutes of looking for it, once', () => {
  assert.deepEqual(judgeOneWay([creation], [post(0), post(240_000)]), []);
  assert.equal(judgeOneWay([creation], [post(0), post(240_000), post(240_500)]).length, 1);
});

suite('the judge of conduct finds', () => {
  const good: Conduct = {
    name: 'process 1',
    asks: [look(2_900), patch(3_000)],
    renewals: [0, 500, 2_800],
    tookOver: true,
  };
  const rows: readonly [what: string, change: Partial<Conduct>, finding: RegExp | null][] = [
    ['nothing in a leader that looks and then acts', {}, null],
    ['a change after the renew deadline', { renewals: [0, 500] }, /after the renew deadline/],
    ['a change of somebody who never led', { renewals: [] }, /after the renew deadline/],
    ['a change without a look', { asks: [patch(3_000)] }, /before the process had read/],
    ['a look that came after', { asks: [patch(3_000), look(3_100)] }, /before the process had read/],
    ['a removal right after a takeover', { renewals: [2_000, 2_800] }, /took over the lease/],
    ['nothing in the same removal where nobody led', { renewals: [2_000, 2_800], tookOver: false }, null],
  ];
  for (const [what, change, finding] of rows) {
    test(what, () => {
      const [found = ''] = judgeConduct({ ...good, ...change }, [revoke]);
      if (finding === null) assert.equal(found, '');
      else assert.match(found, finding);
    });
  }
});
