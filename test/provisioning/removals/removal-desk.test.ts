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

suite('who joins a hold', () => {
  test('what it began with has the first change, and each that comes later a change of its own', () => {
    const desk = deskWithHold();
    assert.deepEqual(
      grantIds(6).map((id) => verdictOf(desk, id)),
      [...grantIds(5).map(() => 'Held hold1.1'), 'Held hold1.2'],
    );
    assert.equal(verdictOf(desk, 'seventh'), 'Held hold1.3');
  });

  test('asking again changes nothing', () => {
    const desk = deskWithHold();
    verdictOf(desk, 'g0', { recorded: recordedAs(1) });
    assert.equal(verdictOf(desk, 'g0', { recorded: recordedAs(1) }), 'Held hold1.1');
  });

  test('another content joins anew, so that an answer to the old one does not name it', () => {
    const desk = deskWithHold();
    assert.equal(verdictOf(desk, 'g0', { content: '2 Deprovision Deleted' }), 'Held hold1.3');
    desk.answer('hold1.2', 'acknowledge');
    assert.equal(verdictOf(desk, 'g0', { content: '2 Deprovision Deleted' }), 'Held hold1.3');
  });

  test('an end on time that comes while it stands joins too', () => {
    assert.equal(verdictOf(deskWithHold(), 'late', { onTime: true }), 'Held hold1.3');
  });

  test('what is no longer wanted leaves, and the hold ends with the last', () => {
    const desk = deskWithHold();
    for (const id of grantIds(5)) desk.withdraw(id);
    assert.equal(verdictOf(desk, 'g5'), 'Held hold1.2', 'the demand has fallen to one');
    desk.forget('g5');
    assert.deepEqual(reasonsOf(desk), []);
    assert.equal(verdictOf(desk, 'g0'), 'Free');
  });
});

suite('what was once held never comes free by itself', () => {
  const rows: readonly [because: string, event: (desk: RemovalDesk) => void][] = [
    ['nothing but time went by', () => {}],
    ['the demand fell', (desk) => grantIds(5).forEach((id) => desk.withdraw(id))],
    ['the rest was carried out', (desk) => grantIds(5).forEach((id) => desk.carriedOut(id))],
    [
      'a doubt about the reading began and ended',
      (desk) => {
        desk.doubts.raise(
          { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: '' },
          START,
        );
        desk.doubts.drop('DirectoryShrunk');
      },
    ],
    [
      'a doubt about the reading was acknowledged',
      (desk) => {
        desk.doubts.raise(
          { reason: 'DirectoryShrunk', count: 50, missing: {}, places: [], message: '' },
          START,
        );
        assert.equal(desk.answer('hold2.1', 'acknowledge').kind, 'Reading');
      },
    ],
    ['the limit was raised', (desk) => desk.setLimits(limitsOf({ percent: 100, atLeast: 100 }))],
    ['a token of another hold was acknowledged', (desk) => desk.answer('hold9.2', 'acknowledge')],
    ['an older change was acknowledged', (desk) => desk.answer('hold1.1', 'acknowledge')],
    ['an older change was discarded', (desk) => desk.answer('hold1.1', 'discard')],
    ['a change that is not yet was acknowledged', (desk) => desk.answer('hold1.3', 'acknowledge')],
  ];
  for (const [because, event] of rows) {
    test(`${because}: held still, in this window and in a later one`, () => {
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
    test(`${word} reaches what had joined by its token, and nothing that joined later`, () => {
      const desk = deskWithHold();
      assert.deepEqual(desk.answer('hold1.1', word), { kind: 'Removals', ids: grantIds(5) });
      const kinds = grantIds(6).map((id) => verdictOf(desk, id));
      assert.deepEqual(kinds, [...grantIds(5).map(() => `${kind} hold1.1`), 'Held hold1.2']);
    });

    test(`${word} is followed only once it is on the grant`, () => {
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

  test('lets what it named go ahead although more is held', () => {
    const desk = deskWithHold();
    desk.answer('hold1.1', 'acknowledge');
    desk.ask(demandOf('g0', { recorded: recordedAs(1, 'acknowledge') }), START);
    assert.deepEqual(desk.check('g0', START), { kind: 'Acknowledged', hold: 'hold1.1', recorded: true });
    assert.equal(desk.check('g5', START).kind, 'Held');
  });

  test('is none for a removal that is not recorded, when its request would leave', () => {
    const desk = deskWithHold();
    desk.answer('hold1.1', 'acknowledge');
    assert.deepEqual(desk.check('g0', START), { kind: 'Acknowledged', hold: 'hold1.1', recorded: false });
  });

  test('is given once: a second one changes nothing', () => {
    const desk = deskWithHold();
    desk.answer('hold1.1', 'discard');
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'Removals', ids: [] });
    assert.equal(verdictOf(desk, 'g0'), 'Discarded hold1.1');
  });

  test('does not count for what is asked for since', () => {
    const desk = deskWithHold();
    desk.answer('hold1.2', 'acknowledge');
    assert.equal(verdictOf(desk, 'g0', { content: '2' }), 'Held hold1.3');
    const recorded = recordedAs(1, 'acknowledge');
    assert.equal(verdictOf(desk, 'g1', { content: '2', recorded }), 'Held hold1.4');
  });

  test('that is on every grant ends the hold, and the next removal is weighed by itself', () => {
    const desk = deskWithHold();
    desk.answer('hold1.2', 'acknowledge');
    for (const id of grantIds(5)) desk.ask(demandOf(id, { recorded: recordedAs(1, 'acknowledge') }), START);
    assert.deepEqual(reasonsOf(desk), ['TooManyRemovals'], 'one is not recorded yet');
    desk.ask(demandOf('g5', { recorded: recordedAs(2, 'acknowledge') }), START);
    assert.deepEqual(reasonsOf(desk), []);
    assert.equal(verdictOf(desk, 'next'), 'Free');
    assert.deepEqual(desk.answer('hold1.2', 'acknowledge'), { kind: 'Unknown' });
  });

  test('that a grant got in an ended hold is no answer to what it asks for now', () => {
    const desk = deskOf({ holds: 'new' });
    assert.equal(verdictOf(desk, 'g0', { content: '2', recorded: recordedAs(1, 'discard') }), 'Held new1.1');
  });

  const unknown: readonly [token: string, because: string][] = [
    ['hold2.1', 'no such hold'],
    ['hold1', 'no change'],
    ['hold1.0', 'changes are counted from one'],
    ['hold1.3', 'nothing has joined under it yet'],
    ['hold1.x', 'no number'],
    ['', 'nothing'],
  ];
  for (const [token, because] of unknown) {
    test(`by the token "${token}" is unknown: ${because}`, () => {
      const desk = deskWithHold();
      assert.deepEqual(desk.answer(token, 'acknowledge'), { kind: 'Unknown' });
      assert.equal(verdictOf(desk, 'g0'), 'Held hold1.1');
    });
  }
});

suite('the token that people are shown', () => {
  const shown = (desk: RemovalDesk) => desk.toRecord().holds?.[0]?.token;

  test('is there at once, and names what the hold began with', () => {
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

  test('moves every thirty seconds while something joins all the time', () => {
    const desk = deskWithHold();
    const moves = Array.from({ length: 61 }, (_, second) => {
      verdictOf(desk, `more${second}`, {}, START + second * 1_000);
      return desk.publish(START + second * 1_000).moved ? second : [];
    });
    assert.deepEqual(moves.flat(), [30, 60]);
  });

  test('does not wait for a clock that was set back', () => {
    const desk = deskWithHold();
    const { againInMs } = desk.publish(START - 10 * HOUR);
    assert.ok(againInMs !== null && againInMs <= 3_000);
  });
});

suite('a doubt about the reading', () => {
  test('lets removals wait, holds none, and lets them go when it ends', () => {
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

  test('keeps back what was acknowledged, and what is sent again', () => {
    const desk = deskOf();
    desk.ask(demandOf('g0', { recorded: recordedAs(1, 'acknowledge') }), START);
    assert.equal(desk.check('g0', START).kind, 'Acknowledged');
    desk.doubts.raise({ reason: 'ListingShort', count: 3, missing: {}, places: [], message: '' }, START);
    assert.equal(desk.check('g0', START).kind, 'Waits');
  });

  test('stands beside a hold over removals, each with a token of its own', () => {
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
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'Unknown' }, 'it named a better reading');
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

test('a removal that nobody asks for does not go ahead', () => {
  const desk = deskOf();
  desk.ask(demandOf('g0'), START);
  desk.withdraw('g0');
  assert.deepEqual(desk.check('g0', START), { kind: 'Waits', on: 'NotAsked' });
});
