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
    [own(young), rival(old), 'Lost', 'the oldest wins'],
    [own(old), rival(young), 'Uncontested', 'the oldest wins, on its side too'],
    [contender(enterprise, 'b'), contender(enterprise, 'a'), 'Lost', 'of the same age the name decides'],
    [
      contender(enterprise, 'a/z'),
      contender(enterprise, 'b/a'),
      'Uncontested',
      'the namespace before the name',
    ],
    [contender(viewOnly, 'a', young), rival(old), 'Lost', 'whatever they declare'],
    [own(young), rival({ ...old, ending: deleted }), 'Uncontested', 'a deleted one does not contend'],
    [own(young), rival({ ...old, ending: expired }), 'Uncontested', 'nor an expired one'],
    [own(young), rival({ ...old, suspended: true }), 'Uncontested', 'nor a suspended one'],
    [own(young), rival(old, { unstarted: true }), 'Uncontested', 'nor one that has not begun'],
    [
      own(young),
      rival(old, { excluded: true }),
      'Uncontested',
      'nor one of a stalled connector, or that is too long',
    ],
    [
      own(young),
      rival({ ...old, namespaceAllowed: false }),
      'Uncontested',
      'nor one whose namespace is not allowed',
    ],
    [
      contender(account, 'a', young),
      contender(account, 'other/b', { ...old, ensure: 'Absent', sameNamespace: false }),
      'Uncontested',
      'nor an absence that its namespace may not declare',
    ],
    [own({ ...young, suspended: true }), rival(old), 'Uncontested', 'who does not contend loses nothing'],
    [
      own(young),
      rival(old, { mode: 'Plan', acts: false }),
      'Uncontested',
      'Plan does not contend with Apply',
    ],
    [own(young, { mode: 'Plan', acts: false }), rival(old), 'Uncontested', 'nor Apply with Plan'],
    [
      own(young, { mode: 'Plan', acts: false }),
      rival(old, { mode: 'Plan', acts: false }),
      'Lost',
      'those in Plan contend among themselves',
    ],
    [
      own({ ...held, ...old, ending: deleted }),
      rival(young),
      'Succeeded',
      'a live one succeeds a deleted one',
    ],
    [own({ ...held, ...young, ending: expired }), rival(old), 'Succeeded', 'however old it is'],
    [
      own({ ...held, ending: deleted }),
      rival({ suspended: true }),
      'Uncontested',
      'a suspended one succeeds nobody',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { mode: 'Plan', acts: false }),
      'Uncontested',
      'what ends waits for no successor that only plans',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { acts: false }),
      'Uncontested',
      'nor for one that cannot act',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { mistaken: true }),
      'Uncontested',
      'nor for one that names somebody else than it was for',
    ],
    [
      own({ ...held, ending: deleted }),
      contender(viewOnly, 'b'),
      'Uncontested',
      'another license is no succession',
    ],
    [
      own({ ...held, ending: deleted }, { right: viewOnly }),
      rival(),
      'Succeeded',
      'what was applied counts, whatever the spec said last',
    ],
    [own({ ending: deleted }), rival(), 'Uncontested', 'nothing was applied, so nothing is taken over'],
    [
      own({
        ending: deleted,
        attempt: { id: 'a', type: 'GrantEnterprise', at: NOW, to: 'Enterprise', result: 'Pending' },
      }),
      rival(),
      'Succeeded',
      'what is on its way is taken over too',
    ],
    [
      contender(account, 'a', { applied: given(account, 'Active'), ending: deleted }),
      contender(account, 'b', { ensure: 'Absent' }),
      'Uncontested',
      'an absence takes nothing over',
    ],
    [
      own({ ...held, ending: deleted }),
      rival({}, { right: null }),
      'Uncontested',
      'nor who declares nobody knows what',
    ],
  ];
  for (const [one, other, kind, because] of rows)
    test(`${because}: ${kind}`, () => assert.equal(judgeContest(one, [other]).kind, kind, because));

  test('the oldest of several is named to the losers', () => {
    const rivals = [rival({ createdAt: 2 }), contender(enterprise, 'ns/c', { createdAt: 1 })];
    assert.deepEqual(judgeContest(own({ createdAt: 3 }), rivals), { kind: 'Lost', winner: 'ns/c' });
  });

  test('who loses to an older grant succeeds nobody', () => {
    const rivals = [rival(young), contender(viewOnly, 'c', old)];
    assert.equal(judgeContest(own({ ...held, ending: deleted }), rivals).kind, 'Uncontested');
  });

  test('has exactly one winner among those who contend in one mode, in whatever order they are looked at', () => {
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

  test('is the ended one that holds what it declares, and its record goes on as it is', () => {
    assert.equal(findPredecessor(heir(young), [ended]), ended.grant);
    const lapsed = { ...ended, grant: { ...ended.grant, ending: expired } };
    assert.equal(findPredecessor(heir(young), [lapsed]), lapsed.grant);
  });

  test('is the oldest of several', () => {
    const older = contender(enterprise, 'older', { createdAt: 1, ending: deleted, ...held });
    assert.equal(findPredecessor(heir(young), [ended, older]), older.grant);
  });

  const rows: readonly [own: Contender, rivals: readonly Contender[], because: string][] = [
    [contender(viewOnly, 'new'), [ended], 'another license was applied'],
    [contender(team, 'new'), [ended], 'another right was applied'],
    [heir(), [contender(enterprise, 'old', { ending: deleted })], 'nothing was applied'],
    [heir(), [contender(enterprise, 'old', held)], 'the other has not ended'],
    [heir({ ending: deleted }), [ended], 'it ends itself'],
    [heir({ suspended: true }), [ended], 'it is suspended'],
    [heir({ namespaceAllowed: false }), [ended], 'its namespace is not allowed'],
    [heir({}, { unstarted: true }), [ended], 'it has not begun'],
    [heir({}, { acts: false, mode: 'Plan' }), [ended], 'its connector only plans'],
    [heir({}, { mistaken: true }), [ended], 'it names somebody else than it was for'],
    [heir(young), [ended, contender(enterprise, 'elder', old)], 'an older one takes the right over'],
  ];
  for (const [one, rivals, because] of rows)
    test(`is nobody: ${because}`, () => assert.equal(findPredecessor(one, rivals), null, because));
});

test('what ends names the older grant for which its successor waits', () => {
  const heir = rival({ ...old, createdAt: 2 });
  const older = contender(enterprise, 'c', { createdAt: 1 }, { acts: false });
  const contest = judgeContest(own({ ...held, ending: deleted }), [heir, older]);
  assert.equal(contest.kind === 'Succeeded' && contest.heldUpBy, 'iga/c');
  const free = judgeContest(own({ ...held, ending: deleted }), [heir]);
  assert.equal(free.kind === 'Succeeded' && free.heldUpBy, null);
});
