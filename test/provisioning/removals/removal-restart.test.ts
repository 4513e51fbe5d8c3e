import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  demandOf,
  deskOf,
  deskWithHold,
  grantIds,
  HOUR,
  reasonsOf,
  recordedAs,
  recordOf,
  START,
  verdictOf,
} from './desk-rig.ts';

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
