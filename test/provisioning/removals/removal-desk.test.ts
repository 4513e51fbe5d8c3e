import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { RemovalDesk } from '../../../src/provisioning/removals/removal-desk.ts';
import {
  demandOf,
  deskOf,
  deskWithHold,
  grantIds,
  HOUR,
  limitsOf,
  reasonsOf,
  recordedAs,
  START,
  verdictOf,
} from './desk-rig.ts';

suite('joining a hold', () => {
  test('the removals that began the hold have change number 1, and each later one has its own', () => {
    const desk = deskWithHold();
    assert.deepEqual(
      grantIds(6).map((id) => verdictOf(desk, id)),
      [...grantIds(5).map(() => 'Held hold1.1'), 'Held hold1.2'],
    );
    assert.equal(verdictOf(desk, 'seventh'), 'Held hold1.3');
  });

  test('asking again does not change the token of a held removal', () => {
    const desk = deskWithHold();
    verdictOf(desk, 'g0', { recorded: recordedAs(1) });
    assert.equal(verdictOf(desk, 'g0', { recorded: recordedAs(1) }), 'Held hold1.1');
  });

  test('a removal with changed content joins again, not covered by an answer to the old content', () => {
    const desk = deskWithHold();
    assert.equal(verdictOf(desk, 'g0', { content: '2 Deprovision Deleted' }), 'Held hold1.3');
    desk.answer('hold1.2', 'acknowledge');
    assert.equal(verdictOf(desk, 'g0', { content: '2 Deprovision Deleted' }), 'Held hold1.3');
  });

  test('an expiry on time during a hold joins it too', () => {
    assert.equal(verdictOf(deskWithHold(), 'late', { onTime: true }), 'Held hold1.3');
  });

  test('a removal that is no longer wanted leaves the hold, which ends with the last one', () => {
    const desk = deskWithHold();
    for (const id of grantIds(5)) desk.withdraw(id);
    assert.equal(verdictOf(desk, 'g5'), 'Held hold1.2', 'it is the only removal that is left');
    desk.forget('g5');
    assert.deepEqual(reasonsOf(desk), []);
    assert.equal(verdictOf(desk, 'g0'), 'Free');
  });
});

suite('a removal that was held once', () => {
  const rows: readonly [because: string, event: (desk: RemovalDesk) => void][] = [
    ['only time passes', () => {}],
    ['the other removals are withdrawn', (desk) => grantIds(5).forEach((id) => desk.withdraw(id))],
    ['the other removals are carried out', (desk) => grantIds(5).forEach((id) => desk.carriedOut(id))],
    [
      'a doubt about the reading begins and ends',
      (desk) => {
        desk.doubts.raise(
          { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: '' },
          START,
        );
        desk.doubts.drop('DirectoryShrunk');
      },
    ],
    [
      'a doubt about the reading is acknowledged',
      (desk) => {
        desk.doubts.raise(
          { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: '' },
          START,
        );
        assert.equal(desk.answer('hold2.1', 'acknowledge').kind, 'Reading');
      },
    ],
    ['the limit is raised', (desk) => desk.setLimits(limitsOf({ percent: 100, atLeast: 100 }))],
    ['a token of another hold is acknowledged', (desk) => desk.answer('hold9.2', 'acknowledge')],
    ['an older change number is acknowledged', (desk) => desk.answer('hold1.1', 'acknowledge')],
    ['an older change number is discarded', (desk) => desk.answer('hold1.1', 'discard')],
    [
      'a change number that does not exist yet is acknowledged',
      (desk) => desk.answer('hold1.3', 'acknowledge'),
    ],
  ];
  for (const [because, event] of rows) {
    test(`stays held, in this window and in a later one, if ${because}`, () => {
      const desk = deskWithHold();
      event(desk);
      for (const now of [START, START + 10 * HOUR]) {
        assert.equal(verdictOf(desk, 'g5', {}, now), 'Held hold1.2');
        assert.equal(desk.check('g5', now).kind, 'Held');
      }
    });
  }
});

suite('an answer', () => {
  for (const [word, kind] of [
    ['acknowledge', 'Acknowledged'],
    ['discard', 'Discarded'],
  ] as const) {
    test(`${word} covers what had joined by its token, and nothing that joined later`, () => {
      const desk = deskWithHold();
      assert.deepEqual(desk.answer('hold1.1', word), { kind: 'Removals', ids: grantIds(5) });
      const kinds = grantIds(6).map((id) => verdictOf(desk, id));
      assert.deepEqual(kinds, [...grantIds(5).map(() => `${kind} hold1.1`), 'Held hold1.2']);
    });

    test(`${word} counts as recorded only once it is in the status of the grant`, () => {
      const desk = deskWithHold();
      desk.answer('hold1.2', word);
      assert.deepEqual(desk.ask(demandOf('g0'), START), { kind, hold: 'hold1.1', recorded: false });
      const recorded = recordedAs(1, word);
      assert.deepEqual(desk.ask(demandOf('g0', { recorded }), START), {
        kind,
        hold: 'hold1.1',
        recorded: true,
      });
    });
  }

  test('frees the removals that it covers while later ones stay held', () => {
    const desk = deskWithHold();
    desk.answer('hold1.1', 'acknowledge');
    desk.ask(demandOf('g0', { recorded: recordedAs(1, 'acknowledge') }), START);
    assert.deepEqual(desk.check('g0', START), { kind: 'Acknowledged', hold: 'hold1.1', recorded: true });
    assert.equal(desk.check('g5', START).kind, 'Held');
  });

  test('that the grant has not recorded is reported as not recorded when the request is checked', () => {
    const desk = deskWithHold();
    desk.answer('hold1.1', 'acknowledge');
    assert.deepEqual(desk.check('g0', START), { kind: 'Acknowledged', hold: 'hold1.1', recorded: false });
  });

  test('is not changed by a second answer', () => {
    const desk = deskWithHold();
    desk.answer('hold1.1', 'discard');
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'Removals', ids: [] });
    assert.equal(verdictOf(desk, 'g0'), 'Discarded hold1.1');
  });

  test('does not apply to a removal whose content has changed since', () => {
    const desk = deskWithHold();
    desk.answer('hold1.2', 'acknowledge');
    assert.equal(verdictOf(desk, 'g0', { content: '2' }), 'Held hold1.3');
    const recorded = recordedAs(1, 'acknowledge');
    assert.equal(verdictOf(desk, 'g1', { content: '2', recorded }), 'Held hold1.4');
  });

  test('that every grant has recorded ends the hold, and the next removal is free', () => {
    const desk = deskWithHold();
    desk.answer('hold1.2', 'acknowledge');
    for (const id of grantIds(5)) desk.ask(demandOf(id, { recorded: recordedAs(1, 'acknowledge') }), START);
    assert.deepEqual(reasonsOf(desk), ['TooManyRemovals'], 'one is not recorded yet');
    desk.ask(demandOf('g5', { recorded: recordedAs(2, 'acknowledge') }), START);
    assert.deepEqual(reasonsOf(desk), []);
    assert.equal(verdictOf(desk, 'next'), 'Free');
    assert.deepEqual(desk.answer('hold1.2', 'acknowledge'), { kind: 'Unknown' });
  });

  test('from an ended hold does not apply to a removal whose content has changed', () => {
    const desk = deskOf({ holds: 'new' });
    assert.equal(verdictOf(desk, 'g0', { content: '2', recorded: recordedAs(1, 'discard') }), 'Held new1.1');
  });

  const unknown: readonly [token: string, because: string][] = [
    ['hold2.1', 'there is no such hold'],
    ['hold1', 'it has no change number'],
    ['hold1.0', 'change numbers start at one'],
    ['hold1.3', 'nothing has joined under this number yet'],
    ['hold1.x', 'the change number is not a number'],
    ['', 'it is empty'],
  ];
  for (const [token, because] of unknown) {
    test(`with the token "${token}" is unknown: ${because}`, () => {
      const desk = deskWithHold();
      assert.deepEqual(desk.answer(token, 'acknowledge'), { kind: 'Unknown' });
      assert.equal(verdictOf(desk, 'g0'), 'Held hold1.1');
    });
  }
});

suite('the token of a hold in the status', () => {
  const shown = (desk: RemovalDesk) => desk.toRecord().holds?.[0]?.token;

  test('is shown at once, and covers what the hold began with', () => {
    assert.equal(shown(deskWithHold()), 'hold1.1');
  });

  test('moves once nothing has joined for three seconds', () => {
    const desk = deskWithHold();
    assert.deepEqual(desk.publish(START + 1_000), { moved: false, againInMs: 2_000 });
    verdictOf(desk, 'seventh', {}, START + 2_000);
    assert.deepEqual(desk.publish(START + 3_000), { moved: false, againInMs: 2_000 });
    assert.deepEqual(desk.publish(START + 5_000), { moved: true, againInMs: null });
    assert.equal(shown(desk), 'hold1.3');
    assert.deepEqual(desk.publish(START + 6_000), { moved: false, againInMs: null });
  });

  test('moves every thirty seconds while removals keep joining', () => {
    const desk = deskWithHold();
    const moves = Array.from({ length: 61 }, (_, second) => {
      verdictOf(desk, `more${second}`, {}, START + second * 1_000);
      return desk.publish(START + second * 1_000).moved ? second : [];
    });
    assert.deepEqual(moves.flat(), [30, 60]);
  });

  test('moves within three seconds even if the clock was set back', () => {
    const desk = deskWithHold();
    const { againInMs } = desk.publish(START - 10 * HOUR);
    assert.ok(againInMs !== null && againInMs <= 3_000);
  });
});

suite('a doubt about the reading', () => {
  test('makes removals wait without holding them, and frees them when it ends', () => {
    const desk = deskOf();
    desk.doubts.raise(
      { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: '50 accounts are missing' },
      START,
    );
    assert.deepEqual(desk.ask(demandOf('g0'), START), { kind: 'Waits', on: 'DirectoryShrunk' });
    assert.deepEqual(desk.check('g0', START), { kind: 'Waits', on: 'DirectoryShrunk' });
    desk.takeChanged();
    desk.doubts.drop('DirectoryShrunk');
    assert.deepEqual([...desk.takeChanged()], ['g0']);
    assert.equal(desk.check('g0', START).kind, 'Free');
  });

  test('makes an acknowledged removal wait, even if it was sent before', () => {
    const desk = deskOf();
    desk.ask(demandOf('g0', { recorded: recordedAs(1, 'acknowledge') }), START);
    assert.equal(desk.check('g0', START).kind, 'Acknowledged');
    desk.doubts.raise({ reason: 'ListingShort', count: 3, missing: {}, places: [], message: '' }, START);
    assert.equal(desk.check('g0', START).kind, 'Waits');
  });

  test('exists next to a hold of removals, each with its own token', () => {
    const desk = deskWithHold();
    desk.doubts.raise({ reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: '' }, START);
    desk.doubts.raise({ reason: 'ListingShort', count: 2, missing: {}, places: [], message: '' }, START);
    const tokens = desk.toRecord().holds?.map(({ reason, token }) => `${reason} ${token}`);
    assert.deepEqual(tokens, ['TooManyRemovals hold1.1', 'DirectoryShrunk hold2.1', 'ListingShort hold3.1']);
    assert.equal(verdictOf(desk, 'g0'), 'Held hold1.1');
  });

  test('has a token that moves only when the reading gets worse', () => {
    const desk = deskOf();
    for (const count of [50, 50, 20, 50, 51])
      desk.doubts.raise(
        { reason: 'DirectoryShrunk', count: count, missing: {}, places: [], message: '' },
        START,
      );
    assert.equal(desk.doubts.list()[0]?.n, 2);
    assert.deepEqual(
      desk.answer('hold1.1', 'acknowledge'),
      { kind: 'Unknown' },
      'the token was for a better reading',
    );
    assert.deepEqual(desk.answer('hold1.2', 'acknowledge'), {
      kind: 'Reading',
      reason: 'DirectoryShrunk',
      count: 51,
      accepted: true,
    });
    assert.equal(desk.doubts.first, null);
  });

  test('is not ended by discarding', () => {
    const desk = deskOf();
    desk.doubts.raise(
      { reason: 'OrganizationChanged', count: 0, missing: {}, places: [], message: '' },
      START,
    );
    const outcome = desk.answer('hold1.1', 'discard');
    assert.deepEqual(outcome, { kind: 'Reading', reason: 'OrganizationChanged', count: 0, accepted: false });
    assert.equal(desk.doubts.first, 'OrganizationChanged');
  });

  test('survives a restart with its token', () => {
    const before = deskOf();
    before.doubts.raise(
      { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: 'gone' },
      START,
    );
    const desk = deskOf({ record: before.toRecord() });
    assert.equal(verdictOf(desk, 'g0'), 'Waits');
    desk.doubts.raise(
      { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: 'gone' },
      START,
    );
    assert.equal(desk.toRecord().holds?.[0]?.token, 'hold1.1');
  });
});

test('a withdrawn removal does not go ahead', () => {
  const desk = deskOf();
  desk.ask(demandOf('g0'), START);
  desk.withdraw('g0');
  assert.deepEqual(desk.check('g0', START), { kind: 'Waits', on: 'NotAsked' });
});
