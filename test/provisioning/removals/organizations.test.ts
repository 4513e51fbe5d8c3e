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
  test('of one connector use up the limit of another', () => {
    const { first, second } = peers([5, 2]);
    for (const id of grantIds(2)) {
      first.ask(demandOf(id, { deprovision: true }), START);
      assert.equal(first.check(id, START).kind, 'Free');
    }
    assert.equal(second.ask(demandOf('x', { deprovision: true }), START).kind, 'Held');
    assert.equal(first.ask(demandOf('y', { deprovision: true }), START).kind, 'Free', 'by its own limit');
  });

  test('by tasks count for the declared grants of every connector', () => {
    const { first, second } = peers([5, 2]);
    second.ask(demandOf('x', { deprovision: true }), START);
    for (const person of ['a', 'b']) first.reserveDeprovision(ORGANIZATION, person, START);
    assert.equal(second.check('x', START).kind, 'Held', 'it was free when it asked');
  });

  test('by tasks are refused with the figures once the limit is used up', () => {
    const { first } = peers([2, 5]);
    const outcomes = ['a', 'b', 'c'].map((person) => first.reserveDeprovision(ORGANIZATION, person, START));
    assert.deepEqual(outcomes, [
      { kind: 'Booked' },
      { kind: 'Booked' },
      { kind: 'Refused', done: 2, limit: 2 },
    ]);
    assert.deepEqual(first.reserveDeprovision(ORGANIZATION, 'a', START), { kind: 'Standing' }, 'tried again');
    assert.equal(first.toRecord().removals?.deprovisions, 2);
    assert.deepEqual(first.reserveDeprovision(ORGANIZATION, 'c', START + HOUR), { kind: 'Booked' });
  });

  test('by tasks that were booked and not sent are stopped by a limit that was lowered since', () => {
    const { first } = peers([2, 5]);
    for (const person of ['a', 'b']) first.reserveDeprovision(ORGANIZATION, person, START);
    first.setLimits(limitsOf({ maxDeprovisions: 1 }));
    const outcome = first.reserveDeprovision(ORGANIZATION, 'a', START);
    assert.deepEqual(outcome, { kind: 'Refused', done: 2, limit: 1 });
  });

  test('do not count as removals of declared grants', () => {
    const { first } = peers([9, 9]);
    for (const person of grantIds(9)) first.reserveDeprovision(ORGANIZATION, person, START);
    assert.deepEqual([first.toRecord().removals?.done, first.toRecord().removals?.deprovisions], [0, 9]);
  });

  test('are counted in the window of each connector, and in its record', () => {
    const { first, second, organizations } = peers([5, 5]);
    first.reserveDeprovision(ORGANIZATION, 'a', START + HOUR / 2);
    assert.equal(second.toRecord().removals?.deprovisions, 1);
    assert.deepEqual(organizations.connectorsOf(ORGANIZATION), ['iga/c0', 'iga/c1']);
    assert.deepEqual(organizations.connectorsOf('other'), []);
  });

  test('of another organization, or after a connector has gone, are nothing to it', () => {
    const { first, second, organizations } = peers([5, 5]);
    first.reserveDeprovision('other', 'a', START);
    organizations.remove('iga/c1');
    first.reserveDeprovision(ORGANIZATION, 'b', START);
    assert.equal(second.toRecord().removals?.deprovisions ?? 0, 0);
  });

  test('count for a connector that comes to read the organization later, as far back as its window goes', () => {
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
    assert.equal(later.toRecord().removals?.deprovisions, 5, 'once');
  });

  test('that come before every grant was looked at make the company no smaller for the next process', () => {
    const limits = { percent: 20, atLeast: 5, windowMs: 24 * HOUR };
    const first = deskOf({ unseen: true, staff: 100, limits });
    first.reserveDeprovision(ORGANIZATION, 'a', START);
    const record = first.toRecord();
    assert.equal(record.removals?.baseline, undefined, 'nobody knows yet');
    const second = deskOf({ record, staff: 100, limits, now: START + 60_000, monotonic: () => 0 });
    for (const id of grantIds(6)) second.ask(demandOf(id), START + 61_000);
    assert.equal(second.check('g5', START + 61_000).kind, 'Free', 'it is of a hundred people');
  });

  test('that come before every grant was looked at do not make the company small for good', () => {
    const desk = deskOf({ unseen: true, staff: 0, limits: { percent: 20, atLeast: 0 } });
    desk.bookDeprovision('a', START);
    for (const id of grantIds(100)) desk.roster.apply(id, id);
    desk.allSeen(START);
    for (const id of grantIds(20)) desk.ask(demandOf(id), START);
    assert.equal(desk.check('g0', START).kind, 'Free');
  });
});

suite('what one connector takes away', () => {
  test('is noted for the others that read its organization, and for nobody else', () => {
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
    assert.deepEqual(told, ['iga/c1 7'], 'the own directory is told by its session');
  });
});

suite('enterprise licenses under way', () => {
  test('that are given while another connector makes its first reading count for it, whatever the giver reads', () => {
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
    assert.equal(beside('uid-9', 'newcomer'), 0, 'it has read it since');
  });

  test('are counted but for the one who asks', () => {
    const { take, beside } = seats();
    take('uid-1', 'gid-1');
    take('task-2', 'gid-2');
    assert.equal(beside('uid-1'), 1);
    assert.equal(beside('uid-3'), 2);
    assert.equal(beside('uid-3', 'other', 'o2'), 0);
  });

  test('are one for a person whom a grant and a task give one', () => {
    const { take, beside } = seats();
    take('uid-1', 'gid-1');
    const seat = take('task-1', 'gid-1');
    assert.equal(beside('uid-9'), 1);
    assert.equal(beside('task-1'), 0);
    seat.free();
    assert.equal(beside('uid-9'), 1);
  });

  test('that nobody has seen count for their own connector too, but not for their holder, until it has read since', () => {
    const { take, beside, read, pass } = seats();
    read('giver');
    pass();
    take('uid-1', 'gid-1').doubt();
    assert.deepEqual([beside('uid-1'), beside('uid-9')], [0, 1]);
    pass();
    read('giver');
    assert.equal(beside('uid-9'), 0);
  });

  test('are freed once, and not for who has taken another since', () => {
    const { take, beside } = seats();
    const first = take('uid-1', 'gid-1');
    take('uid-1', 'gid-2');
    first.free();
    first.keep();
    assert.equal(beside('uid-9'), 1);
  });

  test('are counted anew when all of before were freed', () => {
    const { take, beside } = seats();
    const first = take('uid-1', 'gid-1');
    first.free();
    take('uid-2', 'gid-2');
    first.free();
    assert.equal(beside('uid-9'), 1);
  });
});

suite('enterprise licenses that were given', () => {
  test('count for the connectors that have not read the directory since, and not for the one that gave them', () => {
    const { read, take, beside, pass } = seats();
    read('giver');
    read('other');
    pass();
    take('uid-1', 'gid-1').keep();
    assert.deepEqual([beside('uid-9', 'giver'), beside('uid-9', 'other')], [0, 1]);
    pass();
    read('other');
    assert.equal(beside('uid-9', 'other'), 0, 'its reading shows it');
  });

  test('count although the connector that gave them is gone', () => {
    const { read, take, beside, pass, organizations } = seats();
    read('giver');
    read('other');
    pass();
    take('uid-1', 'gid-1').keep();
    organizations.remove('giver');
    assert.equal(beside('uid-9', 'other'), 1);
  });

  test('count once for somebody whom another gives one again, and not for who asks for the same person', () => {
    const { read, take, beside } = seats();
    read('giver');
    read('other');
    take('uid-1', 'gid-1').keep();
    take('uid-2', 'gid-1', 'other');
    assert.equal(beside('uid-9', 'other'), 1);
    assert.equal(beside('uid-2', 'other'), 0);
  });

  test('do not count when they were not given after all', () => {
    const { read, take, beside } = seats();
    read('giver');
    read('other');
    take('uid-1', 'gid-1').free();
    assert.equal(beside('uid-9', 'other'), 0);
  });
});
