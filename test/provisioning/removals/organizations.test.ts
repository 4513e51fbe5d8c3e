import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Organizations } from '../../../src/provisioning/removals/organizations.ts';
import type { RemovalDesk } from '../../../src/provisioning/removals/removal-desk.ts';
import { demandOf, deskOf, grantIds, HOUR, limitsOf, ORGANIZATION, START } from './desk-rig.ts';

const quiet = { noteRemoval: () => {}, noteLeaving: () => {} };

function placeOf(counter: RemovalDesk) {
  return { organizations: [ORGANIZATION], counter, directory: quiet, readAt: 0 };
}

function peers(limits: readonly number[]) {
  const organizations = new Organizations({ monotonic: () => START, now: () => START });
  const desks = limits.map((maxDeprovisions, index) => {
    const desk = deskOf({ organizations, limits: { maxDeprovisions } });
    organizations.place(`iga/c${index}`, placeOf(desk));
    return desk;
  });
  const [first, second] = desks;
  assert.ok(first && second);
  return { organizations, first, second };
}

/** Connectors of the organization `o`, and the licenses in progress. */
function seats() {
  let now = 0;
  const organizations = new Organizations({ monotonic: () => now, now: () => now });
  const counter = deskOf({ organizations });
  return {
    organizations,
    pass: () => {
      now += 1;
    },
    read: (connector: string) =>
      organizations.place(connector, { ...placeOf(counter), organizations: ['o'], readAt: now }),
    take: (holder: string, account: string, connector = 'giver') =>
      organizations.takeSeat('o', { connector, holder, account }),
    beside: (holder: string, connector = 'giver', organization = 'o') =>
      organizations.seatsBeside(organization, holder, connector),
  };
}

suite('deprovisions of an organization', () => {
  test('by one connector count against the limit of another', () => {
    const { first, second } = peers([5, 2]);
    for (const id of grantIds(2)) {
      first.ask(demandOf(id, { deprovision: true }), START);
      assert.equal(first.check(id, START).kind, 'Free');
    }
    assert.equal(second.ask(demandOf('x', { deprovision: true }), START).kind, 'Held');
    assert.equal(first.ask(demandOf('y', { deprovision: true }), START).kind, 'Free', 'by its own limit');
  });

  test('by tasks count against the limit of declared grants in every connector', () => {
    const { first, second } = peers([5, 2]);
    second.ask(demandOf('x', { deprovision: true }), START);
    for (const person of ['a', 'b']) first.reserveDeprovision(ORGANIZATION, person, START);
    assert.equal(second.check('x', START).kind, 'Held', 'it was free when it asked');
  });

  test('by tasks are refused with the count and the limit once the limit is reached', () => {
    const { first } = peers([2, 5]);
    const outcomes = ['a', 'b', 'c'].map((person) => first.reserveDeprovision(ORGANIZATION, person, START));
    assert.deepEqual(outcomes, [
      { kind: 'Booked' },
      { kind: 'Booked' },
      { kind: 'Refused', done: 2, limit: 2 },
    ]);
    assert.deepEqual(first.reserveDeprovision(ORGANIZATION, 'a', START), { kind: 'Standing' }, 'a retry');
    assert.equal(first.toRecord().removals?.deprovisions, 2);
    assert.deepEqual(first.reserveDeprovision(ORGANIZATION, 'c', START + HOUR), { kind: 'Booked' });
  });

  test('by tasks that were booked are refused if the limit has been lowered since', () => {
    const { first } = peers([2, 5]);
    for (const person of ['a', 'b']) first.reserveDeprovision(ORGANIZATION, person, START);
    first.setLimits(limitsOf({ maxDeprovisions: 1 }));
    const outcome = first.reserveDeprovision(ORGANIZATION, 'a', START);
    assert.deepEqual(outcome, { kind: 'Refused', done: 2, limit: 1 });
  });

  test('by tasks count as deprovisions, not as removals', () => {
    const { first } = peers([9, 9]);
    for (const person of grantIds(9)) first.reserveDeprovision(ORGANIZATION, person, START);
    assert.deepEqual([first.toRecord().removals?.done, first.toRecord().removals?.deprovisions], [0, 9]);
  });

  test('are counted in the record of every connector that reads the organization', () => {
    const { first, second, organizations } = peers([5, 5]);
    first.reserveDeprovision(ORGANIZATION, 'a', START + HOUR / 2);
    assert.equal(second.toRecord().removals?.deprovisions, 1);
    assert.deepEqual(organizations.connectorsOf(ORGANIZATION), ['iga/c0', 'iga/c1']);
    assert.deepEqual(organizations.connectorsOf('other'), []);
  });

  test('are not counted by a connector that reads another organization or was removed', () => {
    const { first, second, organizations } = peers([5, 5]);
    first.reserveDeprovision('other', 'a', START);
    organizations.remove('iga/c1');
    first.reserveDeprovision(ORGANIZATION, 'b', START);
    assert.equal(second.toRecord().removals?.deprovisions ?? 0, 0);
  });

  test('count within its window for a connector that starts to read the organization later', () => {
    let now = START;
    const organizations = new Organizations({ monotonic: () => now, now: () => now });
    const monotonic = () => now;
    const [first, later] = [5, 5].map((maxDeprovisions) =>
      deskOf({ organizations, monotonic, limits: { maxDeprovisions } }),
    );
    assert.ok(first && later);
    organizations.place('iga/first', placeOf(first));
    for (const person of grantIds(2, 'old')) first.reserveDeprovision(ORGANIZATION, person, now);
    now += HOUR;
    for (const person of grantIds(5)) first.reserveDeprovision(ORGANIZATION, person, now);
    organizations.place('iga/later', placeOf(later));
    assert.deepEqual(later.reserveDeprovision(ORGANIZATION, 'x', now), {
      kind: 'Refused',
      done: 5,
      limit: 5,
    });
    organizations.place('iga/later', placeOf(later));
    assert.equal(later.toRecord().removals?.deprovisions, 5, 'they are counted once');
  });

  test('before every grant was decided do not reduce the baseline of the next process', () => {
    const limits = { percent: 20, atLeast: 5, windowMs: 24 * HOUR };
    const first = deskOf({ unseen: true, staff: 100, limits });
    first.reserveDeprovision(ORGANIZATION, 'a', START);
    const record = first.toRecord();
    assert.equal(record.removals?.baseline, undefined, 'the baseline is not known yet');
    const second = deskOf({ record, staff: 100, limits, now: START + 60_000, monotonic: () => 0 });
    for (const id of grantIds(6)) second.ask(demandOf(id), START + 61_000);
    assert.equal(second.check('g5', START + 61_000).kind, 'Free', 'the limit is a share of a hundred people');
  });

  test('before every grant was decided do not fix the baseline', () => {
    const desk = deskOf({ unseen: true, staff: 0, limits: { percent: 20, atLeast: 0 } });
    desk.bookDeprovision('a', START);
    for (const id of grantIds(100)) desk.roster.apply(id, id);
    desk.allSeen(START);
    for (const id of grantIds(20)) desk.ask(demandOf(id), START);
    assert.equal(desk.check('g0', START).kind, 'Free');
  });
});

suite('a right that one connector removes', () => {
  test('is reported only to the other connectors that read its organization', () => {
    const { organizations, first } = peers([5, 5]);
    const told: string[] = [];
    const note = (name: string, organization: string) =>
      organizations.place(name, {
        ...placeOf(first),
        organizations: [organization],
        directory: { ...quiet, noteRemoval: ({ user }) => void told.push(`${name} ${user}`) },
      });
    note('iga/c0', ORGANIZATION);
    note('iga/c1', ORGANIZATION);
    note('iga/c2', 'other');
    organizations.noteLoss('iga/c0', (directory) =>
      directory.noteRemoval({ user: '7', team: '1', organization: ORGANIZATION }),
    );
    assert.deepEqual(told, ['iga/c1 7'], 'the session reports it to the directory of the connector itself');
  });
});

suite('enterprise licenses in progress', () => {
  test('that are given during the first reading of another connector count until it reads again', () => {
    const { organizations, take, beside, read, pass } = seats();
    read('giver');
    pass();
    const end = organizations.beginReading();
    pass();
    take('uid-1', 'gid-1').keep();
    pass();
    read('giver');
    organizations.place('newcomer', { ...placeOf(deskOf()), organizations: ['o'], readAt: 1 });
    end();
    assert.equal(beside('uid-9', 'newcomer'), 1);
    pass();
    read('newcomer');
    assert.equal(beside('uid-9', 'newcomer'), 0, 'it has read the organization since');
  });

  test('are counted for each organization, without the one of the requester', () => {
    const { take, beside } = seats();
    take('uid-1', 'gid-1');
    take('task-2', 'gid-2');
    assert.equal(beside('uid-1'), 1);
    assert.equal(beside('uid-3'), 2);
    assert.equal(beside('uid-3', 'other', 'o2'), 0);
  });

  test('count once for a person to whom a grant and a task give one', () => {
    const { take, beside } = seats();
    take('uid-1', 'gid-1');
    const seat = take('task-1', 'gid-1');
    assert.equal(beside('uid-9'), 1);
    assert.equal(beside('task-1'), 0);
    seat.free();
    assert.equal(beside('uid-9'), 1);
  });

  test('of unknown outcome count for their connector until it reads again, except for the holder', () => {
    const { take, beside, read, pass } = seats();
    read('giver');
    pass();
    take('uid-1', 'gid-1').doubt();
    assert.deepEqual([beside('uid-1'), beside('uid-9')], [0, 1]);
    pass();
    read('giver');
    assert.equal(beside('uid-9'), 0);
  });

  test('are not released by an earlier request of a holder that has taken another one since', () => {
    const { take, beside } = seats();
    const first = take('uid-1', 'gid-1');
    take('uid-1', 'gid-2');
    first.free();
    first.keep();
    assert.equal(beside('uid-9'), 1);
  });

  test('are still counted if an earlier one is released twice', () => {
    const { take, beside } = seats();
    const first = take('uid-1', 'gid-1');
    first.free();
    take('uid-2', 'gid-2');
    first.free();
    assert.equal(beside('uid-9'), 1);
  });
});

suite('enterprise licenses after their action', () => {
  test('count for connectors that have not read the directory since, except the one that gave them', () => {
    const { read, take, beside, pass } = seats();
    read('giver');
    read('other');
    pass();
    take('uid-1', 'gid-1').keep();
    assert.deepEqual([beside('uid-9', 'giver'), beside('uid-9', 'other')], [0, 1]);
    pass();
    read('other');
    assert.equal(beside('uid-9', 'other'), 0, 'its reading shows the license');
  });

  test('still count after the connector that gave them was removed', () => {
    const { read, take, beside, pass, organizations } = seats();
    read('giver');
    read('other');
    pass();
    take('uid-1', 'gid-1').keep();
    organizations.remove('giver');
    assert.equal(beside('uid-9', 'other'), 1);
  });

  test('count once if another connector gives one to the same person, and not for that requester', () => {
    const { read, take, beside } = seats();
    read('giver');
    read('other');
    take('uid-1', 'gid-1').keep();
    take('uid-2', 'gid-1', 'other');
    assert.equal(beside('uid-9', 'other'), 1);
    assert.equal(beside('uid-2', 'other'), 0);
  });

  test('do not count if they were not given', () => {
    const { read, take, beside } = seats();
    read('giver');
    read('other');
    take('uid-1', 'gid-1').free();
    assert.equal(beside('uid-9', 'other'), 0);
  });
});
