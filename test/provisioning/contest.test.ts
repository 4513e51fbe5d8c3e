import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { type Contender, contends, findPredecessor, judgeContest } from '../../src/provisioning/contest.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import {
  account,
  adopted,
  contender,
  deleted,
  enterprise,
  expired,
  given,
  NOW,
  team,
  viewOnly,
} from './world.ts';

const young = { createdAt: 2_000 };
const old = { createdAt: 1_000 };
const held = { applied: given(enterprise, 'Enterprise') };
const own = (changes: Partial<Grant> = {}, standing = {}) => contender(enterprise, 'a', changes, standing);
const rival = (changes: Partial<Grant> = {}, standing = {}) => contender(enterprise, 'b', changes, standing);

suite('a contest for one right of one account', () => {
  const rows: readonly [own: Contender, rival: Contender, kind: string, because: string][] = [
    [own(young), rival(old), 'Lost', 'the rival is older'],
    [own(old), rival(young), 'Uncontested', 'the rival is younger'],
    [
      contender(enterprise, 'b'),
      contender(enterprise, 'a'),
      'Lost',
      'both are of the same age and the name of the rival comes first',
    ],
    [
      contender(enterprise, 'a/z'),
      contender(enterprise, 'b/a'),
      'Uncontested',
      'both are of the same age and the namespace of the rival comes last, whatever its name',
    ],
    [contender(viewOnly, 'a', young), rival(old), 'Lost', 'the older rival declares another license'],
    [own(young), rival({ ...old, ending: deleted }), 'Uncontested', 'the older rival is deleted'],
    [own(young), rival({ ...old, ending: expired }), 'Uncontested', 'the older rival has expired'],
    [own(young), rival({ ...old, suspended: true }), 'Uncontested', 'the older rival is suspended'],
    [own(young), rival(old, { unstarted: true }), 'Uncontested', 'the older rival has not begun'],
    [
      own(young),
      rival(old, { excluded: true }),
      'Uncontested',
      'the older rival is excluded by a stalled connector or by its length',
    ],
    [
      own(young),
      rival({ ...old, namespaceAllowed: false }),
      'Uncontested',
      'the namespace of the older rival is not allowed',
    ],
    [
      contender(account, 'a', young),
      contender(account, 'other/b', { ...old, ensure: 'Absent', sameNamespace: false }),
      'Uncontested',
      'the older rival declares an absence in another namespace than its connector',
    ],
    [own({ ...young, suspended: true }), rival(old), 'Uncontested', 'the grant itself is suspended'],
    [
      own(young),
      rival(old, { mode: 'Plan', acts: false }),
      'Uncontested',
      'only the older rival is in mode Plan',
    ],
    [
      own(young, { mode: 'Plan', acts: false }),
      rival(old),
      'Uncontested',
      'only the grant itself is in mode Plan',
    ],
    [
      own(young, { mode: 'Plan', acts: false }),
      rival(old, { mode: 'Plan', acts: false }),
      'Lost',
      'both are in mode Plan and the rival is older',
    ],
    [
      own({ ...held, ...old, ending: deleted }),
      rival(young),
      'Succeeded',
      'the grant is deleted and the live rival is younger',
    ],
    [
      own({ ...held, ...young, ending: expired }),
      rival(old),
      'Succeeded',
      'the grant has expired and the live rival is older',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({ suspended: true }),
      'Uncontested',
      'the grant is deleted and the rival is suspended',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { mode: 'Plan', acts: false }),
      'Uncontested',
      'the grant is deleted and the rival is in mode Plan',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { acts: false }),
      'Uncontested',
      'the grant is deleted and the rival cannot act',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { mistaken: true }),
      'Uncontested',
      'the grant is deleted and the rival now means another account',
    ],
    [
      own({ ...held, ending: deleted }),
      contender(viewOnly, 'b'),
      'Uncontested',
      'the grant is deleted and the rival declares another license',
    ],
    [
      own({ ...held, ending: deleted }, { right: viewOnly }),
      rival(),
      'Succeeded',
      'the grant is deleted and the rival declares what was applied, not what the spec said last',
    ],
    [own({ ending: deleted }), rival(), 'Uncontested', 'the grant is deleted and nothing was applied'],
    [
      own({
        ending: deleted,
        attempt: { id: 'a', type: 'GrantEnterprise', at: NOW, to: 'Enterprise', result: 'Pending' },
      }),
      rival(),
      'Succeeded',
      'the grant is deleted and its pending change leads to what the rival declares',
    ],
    [
      contender(account, 'a', { applied: given(account, 'Active'), ending: deleted }),
      contender(account, 'b', { ensure: 'Absent' }),
      'Uncontested',
      'the grant is deleted and the rival declares an absence',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { right: null }),
      'Uncontested',
      'the grant is deleted and it is unknown what the rival declares',
    ],
  ];
  for (const [one, other, kind, because] of rows)
    test(`is ${kind} if ${because}`, () => assert.equal(judgeContest(one, [other]).kind, kind, because));

  test('names the oldest of several rivals as the winner', () => {
    const rivals = [rival({ createdAt: 2 }), contender(enterprise, 'ns/c', { createdAt: 1 })];
    assert.deepEqual(judgeContest(own({ createdAt: 3 }), rivals), { kind: 'Lost', winner: 'ns/c' });
  });

  test('has no successor if the rival that declares the right loses to an older one', () => {
    const rivals = [rival(young), contender(viewOnly, 'c', old)];
    assert.equal(judgeContest(own({ ...held, ending: deleted }), rivals).kind, 'Uncontested');
  });

  test('has exactly one winner among the contenders of each mode, in any order of evaluation', () => {
    const anyone = fc
      .record({
        createdAt: fc.integer({ min: 0, max: 3 }),
        suspended: fc.boolean(),
        namespaceAllowed: fc.boolean(),
        ending: fc.constantFrom(null, null, deleted, expired),
      })
      .chain((changes) =>
        fc
          .tuple(fc.integer({ min: 0, max: 30 }), fc.boolean(), fc.boolean(), fc.boolean())
          .map(([name, plans, excluded, unstarted]) =>
            contender(enterprise, `n${name % 3}/${name}`, changes, {
              mode: plans ? 'Plan' : 'Apply',
              acts: !plans,
              excluded,
              unstarted,
            }),
          ),
      );
    const anybody = fc.uniqueArray(anyone, { selector: ({ grant }) => grant.object.uid, maxLength: 8 });
    const inTwoOrders = anybody.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(inTwoOrders, ([all, shuffled]) => {
        const judge = (order: readonly Contender[]) =>
          all.map((one) =>
            judgeContest(
              one,
              order.filter((other) => other !== one),
            ),
          );
        const verdicts = judge(all);
        assert.deepEqual(judge(shuffled), verdicts);
        for (const mode of ['Plan', 'Apply']) {
          const live = all.filter((one) => contends(one) && one.mode === mode);
          const winners = live.filter((one) => verdicts[all.indexOf(one)]?.kind === 'Uncontested');
          assert.equal(winners.length, Math.min(live.length, 1));
        }
      }),
      { numRuns: 500 },
    );
  });
});

suite('the predecessor of a grant', () => {
  const ended = contender(enterprise, 'old', {
    ...old,
    ending: deleted,
    applied: adopted(enterprise, 'Enterprise'),
  });
  const heir = (changes: Partial<Grant> = {}, standing = {}) =>
    contender(enterprise, 'new', changes, standing);

  test('is the deleted or expired grant that holds what it declares, with an unchanged record', () => {
    assert.equal(findPredecessor(heir(young), [ended]), ended.grant);
    const lapsed = { ...ended, grant: { ...ended.grant, ending: expired } };
    assert.equal(findPredecessor(heir(young), [lapsed]), lapsed.grant);
  });

  test('is the oldest of several ended grants', () => {
    const older = contender(enterprise, 'older', { createdAt: 1, ending: deleted, ...held });
    assert.equal(findPredecessor(heir(young), [ended, older]), older.grant);
  });

  const rows: readonly [own: Contender, rivals: readonly Contender[], because: string][] = [
    [contender(viewOnly, 'new'), [ended], 'another license was applied'],
    [contender(team, 'new'), [ended], 'another right was applied'],
    [heir(), [contender(enterprise, 'old', { ending: deleted })], 'nothing was applied'],
    [heir(), [contender(enterprise, 'old', held)], 'the other grant has not ended'],
    [heir({ ending: deleted }), [ended], 'the grant itself has ended'],
    [heir({ suspended: true }), [ended], 'the grant is suspended'],
    [heir({ namespaceAllowed: false }), [ended], 'the namespace of the grant is not allowed'],
    [heir({}, { unstarted: true }), [ended], 'the grant has not begun'],
    [heir({}, { acts: false, mode: 'Plan' }), [ended], 'the connector of the grant is in mode Plan'],
    [heir({}, { mistaken: true }), [ended], 'the grant now means another account'],
    [heir(young), [ended, contender(enterprise, 'elder', old)], 'an older grant takes the right over'],
  ];
  for (const [one, rivals, because] of rows)
    test(`is null if ${because}`, () => assert.equal(findPredecessor(one, rivals), null, because));
});

test('the contest of an ended grant names the older grant that its successor waits for', () => {
  const heir = rival({ ...old, createdAt: 2 });
  const older = contender(enterprise, 'c', { createdAt: 1 }, { acts: false });
  const contest = judgeContest(own({ ...held, ending: deleted }), [heir, older]);
  assert.equal(contest.kind === 'Succeeded' && contest.heldUpBy, 'iga/c');
  const free = judgeContest(own({ ...held, ending: deleted }), [heir]);
  assert.equal(free.kind === 'Succeeded' && free.heldUpBy, null);
});
