import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readRecord } from '../../../src/provisioning/removals/record-reading.ts';
import { demandOf, deskOf, deskWithHold, grantIds, HOUR, recordOf, START } from './desk-rig.ts';

const { removals } = recordOf(3);
const hold = { reason: 'TooManyRemovals', id: 'a', since: '2026-11-02T07:00:00Z', token: 'a.3', count: 9 };

suite('the record in the status of a connector', () => {
  test('is empty while there is nothing to remember', () => {
    assert.deepEqual(deskOf({ unseen: true }).toRecord(), {});
  });

  test('says who is held, in the order in which they joined, and names twenty', () => {
    const desk = deskOf();
    for (const id of grantIds(30)) desk.ask(demandOf(id), START);
    desk.ask(demandOf('g0', { content: '2' }), START);
    const [held] = desk.toRecord().holds ?? [];
    assert.equal(held?.count, 30);
    assert.equal(held?.people, 30);
    const names = held?.pending?.map(({ who }) => who);
    assert.deepEqual(
      names,
      grantIds(21)
        .slice(1)
        .map((id) => `${id}@acme.com`),
    );
  });

  test('counts people, and not their rights', () => {
    const desk = deskOf();
    for (const id of grantIds(12)) desk.ask(demandOf(id, { person: `p${Number(id.slice(1)) % 6}` }), START);
    const { removals: window, holds } = desk.toRecord();
    assert.equal(window?.pending, 6);
    assert.deepEqual([holds?.[0]?.count, holds?.[0]?.people], [12, 6]);
  });

  test('is read as it was written', () => {
    const desk = deskWithHold({ now: START });
    desk.doubts.raise(
      { reason: 'OrganizationChanged', count: 0, missing: { teams: 7 }, places: ['1300'], message: '' },
      START,
    );
    const read = readRecord(desk.toRecord(), START + 1);
    assert.deepEqual(read, {
      readAt: START + 1,
      window: { startedAt: START, baseline: 100, done: 0, deprovisions: 0 },
      hold: { id: 'hold1', since: START, n: 1 },
      doubts: [
        {
          id: 'hold2',
          since: START,
          n: 1,
          reason: 'OrganizationChanged',
          count: 0,
          missing: { teams: 7 },
          places: ['1300'],
          message: '',
        },
      ],
    });
  });

  test('ends no window sooner than the process that wrote it', () => {
    const desk = deskOf({ now: START + 400 });
    desk.ask(demandOf('g0'), START + 400);
    assert.equal(readRecord(desk.toRecord(), START).window?.startedAt, START + 1_000);
  });
});

suite('a record that cannot be read means hold', () => {
  const rows: readonly [because: string, record: Parameters<typeof readRecord>[0]][] = [
    ['no time', { removals: { ...removals, windowStartedAt: undefined } }],
    ['no such time', { removals: { ...removals, windowStartedAt: 'soon' } }],
    ['a time to come', { removals: { ...removals, windowStartedAt: '2036-01-01T00:00:00Z' } }],
    ['people in words', { removals: { ...removals, baseline: 'many' } }],
    ['done is missing', { removals: { ...removals, done: undefined } }],
    ['fewer than none done', { removals: { ...removals, done: -1 } }],
    ['half a person', { removals: { ...removals, done: 0.5 } }],
    ['a number as text', { removals: { ...removals, done: '3' } }],
    ['no deprovisions', { removals: { ...removals, deprovisions: undefined } }],
    ['no fields at all', { removals: 'lost' }],
    ['holds that are no list', { removals, holds: {} }],
    ['a hold without a token', { removals, holds: [{ ...hold, token: undefined }] }],
    ['a token without a change', { removals, holds: [{ ...hold, token: 'a' }] }],
    ['a token of another hold', { removals, holds: [{ ...hold, token: 'b.3' }] }],
    ['a hold without a beginning', { removals, holds: [{ ...hold, since: 'x' }] }],
    ['a hold for an unknown reason', { removals, holds: [{ ...hold, reason: 'Whim' }] }],
    ['two holds of one reason', { removals, holds: [hold, hold] }],
    ['a hold without a window', { holds: [hold] }],
  ];
  for (const [because, record] of rows) {
    test(`${because}: the next removal is held, a deprovision by a task refused`, () => {
      const desk = deskOf({ record: record ?? {} });
      const task = desk.reserveDeprovision('1200', 'p', START);
      assert.deepEqual(task, { kind: 'Refused', done: null, limit: 5 });
      assert.equal(desk.ask(demandOf('g0'), START).kind, 'Held');
    });
  }

  test('by the next process too, and until the window is over', () => {
    const first = deskOf({ record: { removals: 'lost' } });
    const second = deskOf({ record: first.toRecord(), now: START + 1 });
    assert.equal(second.ask(demandOf('g0'), START + HOUR - 1).kind, 'Held');
    const third = deskOf({ record: first.toRecord(), now: START + 1 });
    assert.equal(third.ask(demandOf('g0'), START + HOUR).kind, 'Free');
  });

  test('what can be read of it is kept', () => {
    const { hold: kept, doubts } = readRecord(
      { removals: 'lost', holds: [hold, { ...hold, reason: 'x' }] },
      START,
    );
    assert.equal(kept?.n, 3);
    assert.deepEqual(doubts, []);
  });
});
