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

suite('before every grant was decided', () => {
  test('a removal waits, and is free once every grant was decided', () => {
    const desk = deskOf({ unseen: true });
    assert.deepEqual(desk.ask(demandOf('g0'), START), { kind: 'Waits', on: 'Counting' });
    assert.deepEqual(desk.reserve('g0', START), { kind: 'Waits', on: 'Counting' });
    desk.allSeen(START);
    assert.deepEqual([...desk.takeChanged()], ['g0']);
    assert.equal(desk.check('g0', START).kind, 'Free');
  });

  test('an acknowledged removal waits as well', () => {
    const desk = deskOf({ unseen: true });
    const recorded = recordedAs(1, 'acknowledge');
    assert.deepEqual(desk.ask(demandOf('g0', { recorded }), START), { kind: 'Waits', on: 'Counting' });
    desk.allSeen(START);
    assert.equal(desk.check('g0', START).kind, 'Acknowledged');
  });

  test('an answer is reported as too early, not as unknown', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'TooEarly' });
  });
});

suite('after a restart', () => {
  test('held removals stay held, and earlier tokens still cover the same removals', () => {
    const before = deskWithHold();
    before.publish(START + 5_000);
    const desk = deskOf({ unseen: true, record: before.toRecord(), holds: 'new' });
    for (const id of grantIds(5))
      assert.equal(verdictOf(desk, id, { recorded: recordedAs(1) }), 'Held hold1.1');
    assert.equal(verdictOf(desk, 'g5', { recorded: recordedAs(2) }), 'Held hold1.2');
    assert.equal(verdictOf(desk, 'fresh'), 'Waits');
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'fresh'), 'Held hold1.3', 'it joins after every recorded change');
    assert.deepEqual(desk.answer('hold1.1', 'acknowledge'), { kind: 'Removals', ids: grantIds(5) });
  });

  test('the only remaining removal of a hold stays held', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'g5', { recorded: recordedAs(2) });
    desk.allSeen(START + 100 * HOUR);
    assert.equal(desk.check('g5', START + 100 * HOUR).kind, 'Held');
  });

  test('a removal that joins a hold gets a change number above every recorded one', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'fresh');
    verdictOf(desk, 'changed', { content: '2', recorded: recordedAs(3) });
    verdictOf(desk, 'g9', { recorded: recordedAs(9) });
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'changed', { content: '2', recorded: recordedAs(3) }), 'Held hold1.10');
    assert.equal(verdictOf(desk, 'fresh'), 'Held hold1.11');
  });

  test('a hold that is missing from the status of the connector is restored from the grants', () => {
    const desk = deskOf({ unseen: true });
    assert.equal(verdictOf(desk, 'g0', { recorded: recordedAs(4, null, 'lost') }), 'Held lost.4');
    desk.allSeen(START);
    assert.equal(desk.check('g0', START).kind, 'Held');
    assert.equal(desk.toRecord().holds?.[0]?.token, 'lost.4');
  });

  test('a removal recorded in an unknown hold joins the current one under a new change number', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'g0', { recorded: recordedAs(1) });
    assert.equal(verdictOf(desk, 'g1', { recorded: recordedAs(1, null, 'lost') }), 'Waits');
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'g1', { recorded: recordedAs(1, null, 'lost') }), 'Held hold1.2');
  });

  test('a removal that is recorded as held joins a hold even if the limits would allow it', () => {
    const desk = deskOf({ holds: 'new' });
    assert.equal(verdictOf(desk, 'g0', { recorded: recordedAs(2, null, 'lost') }), 'Held new1.1');
  });

  test('a hold stays until every grant was decided, and then ends if nothing is held', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    assert.deepEqual(reasonsOf(desk), ['TooManyRemovals']);
    desk.allSeen(START);
    assert.deepEqual(reasonsOf(desk), []);
  });

  test('a removal whose grant has not recorded its hold joins the recorded hold', () => {
    const desk = deskOf({ unseen: true, record: deskWithHold().toRecord() });
    verdictOf(desk, 'g0');
    desk.allSeen(START);
    assert.equal(verdictOf(desk, 'g0'), 'Held hold1.2');
  });

  test('an answer that is recorded on a grant still applies after its hold has ended', () => {
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

  test('removals that were done earlier in the window still count', () => {
    assert.equal(verdictOf(deskOf({ record: recordOf(5) }), 'sixth'), 'Held hold1.1');
    assert.equal(verdictOf(deskOf({ record: recordOf(4) }), 'fifth'), 'Free');
  });
});
