import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Answer, Demand, RecordedHold } from '../../../src/provisioning/removals/demand.ts';
import type { RemovalDesk } from '../../../src/provisioning/removals/removal-desk.ts';
import { demandOf, deskOf, deskWithHold, grantIds, HOUR, recordOf, START } from './desk-rig.ts';

const CONTENT = demandOf('any').content;

function recordedAs(n: number, answer: Answer | null = null, id = 'hold1'): RecordedHold {
  return { id, n, content: CONTENT, answer };
}

function verdictOf(desk: RemovalDesk, id: string, changes: Partial<Demand> = {}, now = START): string {
  const verdict = desk.ask(demandOf(id, changes), now);
  return 'hold' in verdict ? `${verdict.kind} ${verdict.hold}` : verdict.kind;
}

const reasonsOf = (desk: RemovalDesk) => desk.toRecord().holds?.map(({ reason }) => reason) ?? [];

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
  const rows: readonly [because: string, event: (desk: RemovalDesk) => number | undefined][] = [
    ['the window has ended', () => START + 10 * HOUR],
    ['the demand fell', (desk) => void grantIds(5).forEach((id) => desk.withdraw(id))],
    ['the rest was carried out', (desk) => void grantIds(5).forEach((id) => desk.carriedOut(id))],
    [
      'a doubt about the reading began and ended',
      (desk) => {
        desk.doubts.raise('DirectoryShrunk', 50, '', START);
        desk.doubts.drop('DirectoryShrunk');
        return undefined;
      },
    ],
    [
      'a doubt about the reading was acknowledged',
      (desk) => {
        desk.doubts.raise('DirectoryShrunk', 50, '', START);
        desk.answer('hold2.1', 'acknowledge');
        return undefined;
      },
    ],
    [
      'the limit was raised',
      (desk) => void desk.setLimits({ percent: 100, atLeast: 100, windowMs: HOUR, maxDeprovisions: 9 }),
    ],
    ['a token of another hold was acknowledged', (desk) => void desk.answer('hold9.2', 'acknowledge')],
    ['an older change was acknowledged', (desk) => void desk.answer('hold1.1', 'acknowledge')],
    ['an older change was discarded', (desk) => void desk.answer('hold1.1', 'discard')],
    ['a change that is not yet was acknowledged', (desk) => void desk.answer('hold1.3', 'acknowledge')],
  ];
  for (const [because, event] of rows) {
    test(`held still though ${because}`, () => {
      const desk = deskWithHold();
      const now = event(desk) ?? START;
      assert.equal(verdictOf(desk, 'g5', {}, now), 'Held hold1.2');
      assert.equal(desk.check('g5', now).kind, 'Held');
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

suite('before every grant was looked at', () => {
  test('nothing goes ahead, as nobody knows what else is wanted', () => {
    const desk = deskOf({ unseen: true });
    assert.deepEqual(desk.ask(demandOf('g0'), START), { kind: 'Waits', on: 'Counting' });
    assert.deepEqual(desk.reserve('g0', START), { kind: 'Waits', on: 'Counting' });
    desk.allSeen(START);
    assert.deepEqual([...desk.takeChanged()], ['g0']);
    assert.equal(desk.check('g0', START).kind, 'Free');
  });

  test('an acknowledged removal waits too', () => {
    const desk = deskOf({ unseen: true });
    const recorded = recordedAs(1, 'acknowledge');
    assert.deepEqual(desk.ask(demandOf('g0', { recorded }), START), { kind: 'Waits', on: 'Counting' });
    desk.allSeen(START);
    assert.equal(desk.check('g0', START).kind, 'Acknowledged');
  });

  test('an answer is too early, and is not lost as unknown', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'TooEarly' });
  });
});

suite('after a restart', () => {
  test('each is held as before, and the tokens of before name the same', () => {
    const before = deskWithHold();
    before.publish(START + 5_000);
    const desk = deskOf({ unseen: true, record: before.toRecord(), holds: 'new' });
    for (const id of grantIds(5))
      assert.equal(verdictOf(desk, id, { recorded: recordedAs(1) }), 'Held hold1.1');
    assert.equal(verdictOf(desk, 'g5', { recorded: recordedAs(2) }), 'Held hold1.2');
    assert.equal(verdictOf(desk, 'fresh'), 'Waits');
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'fresh'), 'Held hold1.3', 'after every change that grants recorded');
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'Removals', ids: grantIds(5) });
  });

  test('one removal that is left of many is held still', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'g5', { recorded: recordedAs(2) });
    desk.allSeen(START + 100 * HOUR);
    assert.equal(desk.check('g5', START + 100 * HOUR).kind, 'Held');
  });

  test('a change that was recorded before the restart is given to nobody else', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'fresh');
    verdictOf(desk, 'changed', { content: '2', recorded: recordedAs(3) });
    verdictOf(desk, 'g9', { recorded: recordedAs(9) });
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'changed', { content: '2', recorded: recordedAs(3) }), 'Held hold1.10');
    assert.equal(verdictOf(desk, 'fresh'), 'Held hold1.11');
  });

  test('a hold that the connector has no record of is made again from the grants', () => {
    const desk = deskOf({ unseen: true });
    assert.equal(verdictOf(desk, 'g0', { recorded: recordedAs(4, null, 'lost') }), 'Held lost.4');
    desk.allSeen(START);
    assert.equal(desk.check('g0', START).kind, 'Held');
    assert.equal(desk.toRecord().holds?.[0]?.token, 'lost.4');
  });

  test('what an unknown hold held joins the one that stands, under a new change', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'g0', { recorded: recordedAs(1) });
    assert.equal(verdictOf(desk, 'g1', { recorded: recordedAs(1, null, 'lost') }), 'Waits');
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'g1', { recorded: recordedAs(1, null, 'lost') }), 'Held hold1.2');
  });

  test('a grant that the status calls held joins even when the limits would let it go', () => {
    const desk = deskOf({ holds: 'new' });
    assert.equal(verdictOf(desk, 'g0', { recorded: recordedAs(2, null, 'lost') }), 'Held new1.1');
  });

  test('the hold stays until every grant was looked at, and ends if none was held', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    assert.deepEqual(reasonsOf(desk), ['TooManyRemovals']);
    desk.allSeen(START);
    assert.deepEqual(reasonsOf(desk), []);
  });

  test('who was held and has not recorded it joins the hold that is on record', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'g0');
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'g0'), 'Held hold1.2');
  });

  test('an answer that is on the grant holds, whatever became of the hold', () => {
    const desk = deskOf();
    assert.equal(
      verdictOf(desk, 'g0', { recorded: recordedAs(1, 'acknowledge', 'ended') }),
      'Acknowledged ended.1',
    );
    assert.equal(verdictOf(desk, 'g1', { recorded: recordedAs(1, 'discard', 'ended') }), 'Discarded ended.1');
  });

  test('a record that cannot be read holds the next removal', () => {
    const desk = deskOf({ record: { removals: { windowStartedAt: 'yesterday' } } });
    assert.equal(verdictOf(desk, 'g0'), 'Held hold1.1');
  });

  test('what the window had done is not forgotten', () => {
    assert.equal(verdictOf(deskOf({ record: recordOf(5) }), 'sixth'), 'Held hold1.1');
    assert.equal(verdictOf(deskOf({ record: recordOf(4) }), 'fifth'), 'Free');
  });
});

suite('a doubt about the reading', () => {
  test('lets removals wait, holds none, and lets them go when it ends', () => {
    const desk = deskOf();
    desk.doubts.raise('DirectoryShrunk', 50, '50 accounts are missing', START);
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
    desk.doubts.raise('ListingShort', 3, '', START);
    assert.equal(desk.check('g0', START).kind, 'Waits');
  });

  test('stands beside a hold over removals, each with a token of its own', () => {
    const desk = deskWithHold();
    desk.doubts.raise('DirectoryShrunk', 50, '', START);
    desk.doubts.raise('ListingShort', 2, '', START);
    const tokens = desk.toRecord().holds?.map(({ reason, token }) => `${reason} ${token}`);
    assert.deepEqual(tokens, ['TooManyRemovals hold1.1', 'DirectoryShrunk hold2.1', 'ListingShort hold3.1']);
    assert.equal(verdictOf(desk, 'g0'), 'Held hold1.1');
  });

  test('has a token that moves only when the reading gets worse', () => {
    const desk = deskOf();
    for (const count of [50, 50, 20, 50, 51]) desk.doubts.raise('DirectoryShrunk', count, '', START);
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
    desk.doubts.raise('OrganizationChanged', 0, '', START);
    const outcome = desk.answer('hold1.1', 'discard');
    assert.deepEqual(outcome, { kind: 'Reading', reason: 'OrganizationChanged', count: 0, accepted: false });
    assert.equal(desk.doubts.first, 'OrganizationChanged');
  });

  test('survives a restart with its token', () => {
    const before = deskOf();
    before.doubts.raise('DirectoryShrunk', 50, 'gone', START);
    const desk = deskOf({ record: before.toRecord() });
    assert.equal(verdictOf(desk, 'g0'), 'Waits');
    desk.doubts.raise('DirectoryShrunk', 50, 'gone', START);
    assert.equal(desk.toRecord().holds?.[0]?.token, 'hold1.1');
  });
});

test('a removal that nobody asks for does not go ahead', () => {
  const desk = deskOf();
  desk.ask(demandOf('g0'), START);
  desk.withdraw('g0');
  assert.deepEqual(desk.check('g0', START), { kind: 'Waits', on: 'NotAsked' });
});
