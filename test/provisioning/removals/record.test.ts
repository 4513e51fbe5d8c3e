import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readRecord } from '../../../src/provisioning/removals/record-reading.ts';
import { demandOf, deskOf, deskWithHold, grantIds, HOUR, recordOf, START } from './desk-rig.ts';

const { removals } = recordOf(3);
const hold = { reason: 'TooManyRemovals', id: 'a', since: '2026-11-02T07:00:00Z', token: 'a.3', count: 9 };

suite('the removal record in the status of a connector', () => {
  test('is empty before any grant was decided', () => {
    assert.deepEqual(deskOf({ unseen: true }).toRecord(), {});
  });

  test('counts all held removals, and lists the first twenty in the order in which they joined', () => {
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

  test('counts the people with pending removals, not their rights', () => {
    const desk = deskOf();
    for (const id of grantIds(12)) desk.ask(demandOf(id, { person: `p${Number(id.slice(1)) % 6}` }), START);
    const { removals: window, holds } = desk.toRecord();
    assert.equal(window?.pending, 6);
    assert.deepEqual([holds?.[0]?.count, holds?.[0]?.people], [12, 6]);
  });

  test('is read back unchanged', () => {
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

  test('rounds the start of a window up to a whole second, so that no window ends early', () => {
    const desk = deskOf({ now: START + 400 });
    desk.ask(demandOf('g0'), START + 400);
    assert.equal(readRecord(desk.toRecord(), START).window?.startedAt, START + 1_000);
  });
});

suite('a removal record that cannot be read', () => {
  const rows: readonly [because: string, record: Parameters<typeof readRecord>[0]][] = [
    ['no windowStartedAt', { removals: { ...removals, windowStartedAt: undefined } }],
    ['a windowStartedAt that is not a time', { removals: { ...removals, windowStartedAt: 'soon' } }],
    [
      'a windowStartedAt in the future',
      { removals: { ...removals, windowStartedAt: '2036-01-01T00:00:00Z' } },
    ],
    ['a baseline that is not a number', { removals: { ...removals, baseline: 'many' } }],
    ['no done', { removals: { ...removals, done: undefined } }],
    ['a negative done', { removals: { ...removals, done: -1 } }],
    ['a fractional done', { removals: { ...removals, done: 0.5 } }],
    ['a done that is text', { removals: { ...removals, done: '3' } }],
    ['no deprovisions', { removals: { ...removals, deprovisions: undefined } }],
    ['removals that are not an object', { removals: 'lost' }],
    ['holds that are not a list', { removals, holds: {} }],
    ['a hold without a token', { removals, holds: [{ ...hold, token: undefined }] }],
    ['a token without a change number', { removals, holds: [{ ...hold, token: 'a' }] }],
    ['a token of another hold', { removals, holds: [{ ...hold, token: 'b.3' }] }],
    ['a hold whose since is not a time', { removals, holds: [{ ...hold, since: 'x' }] }],
    ['a hold with an unknown reason', { removals, holds: [{ ...hold, reason: 'Whim' }] }],
    ['two holds with the same reason', { removals, holds: [hold, hold] }],
    ['a hold without a window', { holds: [hold] }],
  ];
  for (const [because, record] of rows) {
    test(`holds the next removal, and refuses a deprovision by a task, if it has ${because}`, () => {
      const desk = deskOf({ record: record ?? {} });
      const task = desk.reserveDeprovision('1200', 'p', START);
      assert.deepEqual(task, { kind: 'Refused', done: null, limit: 5 });
      assert.equal(desk.ask(demandOf('g0'), START).kind, 'Held');
    });
  }

  test('holds removals after another restart too, until the window is over', () => {
    const first = deskOf({ record: { removals: 'lost' } });
    const second = deskOf({ record: first.toRecord(), now: START + 1 });
    assert.equal(second.ask(demandOf('g0'), START + HOUR - 1).kind, 'Held');
    const third = deskOf({ record: first.toRecord(), now: START + 1 });
    assert.equal(third.ask(demandOf('g0'), START + HOUR).kind, 'Free');
  });

  test('keeps the holds in it that can be read', () => {
    const { hold: kept, doubts } = readRecord(
      { removals: 'lost', holds: [hold, { ...hold, reason: 'x' }] },
      START,
    );
    assert.equal(kept?.n, 3);
    assert.deepEqual(doubts, []);
  });
});
