import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { findPredecessor, judgeContest } from '../../src/provisioning/contest.ts';
import type { LicenseGrant } from '../../src/provisioning/grant.ts';
import { adopted, deleted, expired, given, named } from './small-world.ts';

const young = { createdAt: 2_000 };
const old = { createdAt: 1_000 };

suite('a contest for one account', () => {
  const rows: readonly [own: LicenseGrant, rival: LicenseGrant, kind: string, because: string][] = [
    [named('a', young), named('b', old), 'Lost', 'the oldest wins'],
    [named('a', old), named('b', young), 'Uncontested', 'the oldest wins, on its side too'],
    [named('b'), named('a'), 'Lost', 'of the same age the name decides'],
    [named('a/z'), named('b/a'), 'Uncontested', 'and the namespace before the name'],
    [named('a', { ...young, license: 'ViewOnly' }), named('b', old), 'Lost', 'whatever they declare'],
    [
      named('a', young),
      named('b', { ...old, ending: deleted }),
      'Uncontested',
      'a deleted one does not contend',
    ],
    [named('a', young), named('b', { ...old, ending: expired }), 'Uncontested', 'nor an expired one'],
    [named('a', young), named('b', { ...old, suspended: true }), 'Uncontested', 'nor a suspended one'],
    [
      named('a', young),
      named('other/b', { ...old, sameNamespace: false, namespaceAllowed: false }),
      'Uncontested',
      'nor one whose namespace is not allowed',
    ],
    [
      named('a', { ...young, suspended: true }),
      named('b', old),
      'Uncontested',
      'who is suspended loses nothing',
    ],
    [
      named('a', { ...old, ending: deleted }),
      named('b', young),
      'Succeeded',
      'a live one succeeds a deleted one',
    ],
    [named('a', { ...young, ending: expired }), named('b', old), 'Succeeded', 'however old it is'],
    [
      named('a', { ending: deleted }),
      named('b', { suspended: true }),
      'Uncontested',
      'a suspended one succeeds nobody',
    ],
  ];
  for (const [own, rival, kind, because] of rows) {
    test(`${because}: ${kind}`, () => assert.equal(judgeContest(own, [rival]).kind, kind, because));
  }

  test('the oldest of several is named to the losers', () => {
    const contest = judgeContest(named('a', { createdAt: 3 }), [
      named('b', { createdAt: 2 }),
      named('ns/c', { createdAt: 1 }),
    ]);
    assert.deepEqual(contest, { kind: 'Lost', winner: 'ns/c' });
  });

  test('a successor takes over the right that was applied, whatever the spec of its predecessor said last', () => {
    const ended = named('a', { ending: deleted, license: 'ViewOnly', applied: given('Enterprise') });
    assert.deepEqual(judgeContest(ended, [named('b')]), {
      kind: 'Succeeded',
      successor: 'iga/b',
      sameLicense: true,
    });
    const other = judgeContest(ended, [named('b', { license: 'ViewOnly' })]);
    assert.ok(other.kind === 'Succeeded' && !other.sameLicense);
    const nothing = judgeContest({ ...ended, applied: null }, [named('b', { license: 'ViewOnly' })]);
    assert.ok(nothing.kind === 'Succeeded' && !nothing.sameLicense);
  });

  test('has exactly one winner among those who contend, in whatever order they are looked at', () => {
    const anyone = fc
      .record({
        createdAt: fc.integer({ min: 0, max: 3 }),
        suspended: fc.boolean(),
        namespaceAllowed: fc.boolean(),
        ending: fc.constantFrom(null, null, deleted, expired),
        license: fc.constantFrom<'Enterprise' | 'ViewOnly'>('Enterprise', 'ViewOnly'),
      })
      .chain((changes) =>
        fc.integer({ min: 0, max: 30 }).map((name) => named(`n${name % 3}/${name}`, changes)),
      );
    const anybody = fc.uniqueArray(anyone, { selector: ({ object }) => object.uid, maxLength: 8 });
    const inTwoOrders = anybody.chain((grants) =>
      fc.tuple(fc.constant(grants), fc.shuffledSubarray(grants, { minLength: grants.length })),
    );
    fc.assert(
      fc.property(inTwoOrders, ([grants, shuffled]) => {
        const contending = grants.filter((one) => !one.ending && !one.suspended && one.namespaceAllowed);
        const judge = (all: readonly LicenseGrant[]) =>
          new Map(
            grants.map((one) => [
              one.object.uid,
              judgeContest(
                one,
                all.filter((other) => other !== one),
              ),
            ]),
          );
        const verdicts = judge(grants);
        assert.deepEqual(judge(shuffled), verdicts);
        const winners = contending.filter(({ object }) => verdicts.get(object.uid)?.kind === 'Uncontested');
        assert.equal(winners.length, Math.min(contending.length, 1));
        for (const verdict of verdicts.values()) {
          const named =
            verdict.kind === 'Lost'
              ? verdict.winner
              : verdict.kind === 'Succeeded'
                ? verdict.successor
                : null;
          const [winner] = winners;
          if (named !== null) assert.equal(named, `${winner?.object.namespace}/${winner?.object.name}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

suite('the predecessor of a grant', () => {
  const ended = named('old', { ...old, ending: deleted, applied: adopted('Enterprise') });

  test('is the ended one that holds what it declares, and its record goes on as it is', () => {
    assert.equal(findPredecessor(named('new', young), [ended]), ended);
    const lapsed = { ...ended, ending: expired };
    assert.equal(findPredecessor(named('new', young), [lapsed]), lapsed);
  });

  test('is the oldest of several', () => {
    const older = named('older', { createdAt: 1, ending: deleted, applied: given('Enterprise') });
    assert.equal(findPredecessor(named('new', young), [ended, older]), older);
  });

  const rows: readonly [own: LicenseGrant, rivals: readonly LicenseGrant[], because: string][] = [
    [named('new', { license: 'ViewOnly' }), [ended], 'another license was applied'],
    [named('new'), [named('old', { ending: deleted, applied: null })], 'nothing was applied'],
    [named('new'), [named('old', { applied: given('Enterprise') })], 'the other has not ended'],
    [named('new', { ending: deleted }), [ended], 'it ends itself'],
    [named('new', { suspended: true }), [ended], 'it is suspended'],
    [named('new', { namespaceAllowed: false }), [ended], 'its namespace is not allowed'],
    [named('new', young), [ended, named('elder', old)], 'an older one will hold the account'],
  ];
  for (const [own, rivals, because] of rows) {
    test(`is nobody: ${because}`, () => assert.equal(findPredecessor(own, rivals), null, because));
  }
});
