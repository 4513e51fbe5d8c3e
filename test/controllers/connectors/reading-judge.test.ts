import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../../src/api/asana-connector.ts';
import { writeMeasure } from '../../../src/controllers/connectors/measure-record.ts';
import { ReadingJudge } from '../../../src/controllers/connectors/reading-judge.ts';
import { Directory } from '../../../src/directory/directory.ts';
import { noCounts } from '../../../src/directory/measure.ts';
import { ReadingDoubts } from '../../../src/provisioning/removals/reading-doubts.ts';
import { readRecord } from '../../../src/provisioning/removals/record-reading.ts';
import { FakeClock } from '../../asana/fake-clock.ts';
import { snapshotOf } from './readings.ts';

const NOW = 1_800_000_000_000;

/** Returns a judge in the state of a process that starts with this status. */
function begin(status?: AsanaConnectorStatus) {
  let ids = 0;
  const directory = new Directory(new FakeClock());
  const { doubts } = readRecord(status, NOW);
  const holds = new ReadingDoubts(
    doubts,
    () => `h${(ids += 1)}`,
    () => {},
  );
  const judge = new ReadingJudge({ directory, holds, status });
  const reasons = () => holds.list().map(({ reason }) => reason);
  const take = (snapshot: Parameters<ReadingJudge['take']>[0]) => judge.take(snapshot, undefined, NOW);
  return { directory, holds, judge, reasons, take };
}

/** Returns the status that a process writes after these readings. */
function statusAfter(...readings: Parameters<ReadingJudge['take']>[0][]): AsanaConnectorStatus {
  const { judge, take } = begin();
  for (const reading of readings) take(reading);
  assert.ok(judge.measure);
  return { measure: writeMeasure(judge.measure, noCounts), organizations: [...judge.organizations] };
}

suite('the reading judge', () => {
  test('makes the first complete reading the measure, and never a partial one', () => {
    const { judge, take, directory } = begin();
    take(snapshotOf(20, { complete: false }));
    assert.deepEqual([judge.measure], [null]);
    assert.equal(directory.current()?.accounts.size, 20, 'the partial reading can still be used');
    take(snapshotOf(100, { at: 2 }));
    assert.equal(judge.measure?.accounts?.count, 100);
  });

  test('keeps the id of a hold after a restart, and starts another hold if yet another place is read', () => {
    const hold = {
      reason: 'OrganizationChanged',
      id: 'aa',
      token: 'aa.1',
      since: '2026-11-30T00:00:00Z',
      count: 0,
      people: 0,
    } as const;
    const { holds, take } = begin({ ...statusAfter(snapshotOf(20)), holds: [{ ...hold, places: ['900'] }] });
    take(snapshotOf(20, { organization: '900', at: 2 }));
    assert.deepEqual(
      holds.list().map(({ id, places }) => [id, places]),
      [['aa', ['900']]],
    );
    take(snapshotOf(20, { organization: '901', at: 3 }));
    assert.deepEqual(
      holds.list().map(({ id, places }) => [id, places]),
      [['h1', ['901']]],
    );
  });

  test('detects another organization by the workspaces of the token, before any account is read', () => {
    const { judge, take, reasons } = begin(statusAfter(snapshotOf(20)));
    judge.see(['500', '501'], NOW);
    assert.equal(judge.isForeign, false);
    judge.see(['900'], NOW);
    assert.deepEqual([judge.isForeign, reasons()], [true, ['OrganizationChanged']]);
    assert.equal(judge.canAccept('OrganizationChanged'), false, 'nothing was read that could be accepted');
    judge.see(['500'], NOW);
    assert.equal(judge.isForeign, true, 'only a complete reading of the recorded organization ends this');
    take(snapshotOf(20, { at: 2 }));
    assert.deepEqual([judge.isForeign, reasons()], [false, []]);
  });

  test('accepts the first workspaces of the token as its own', () => {
    const { judge } = begin();
    judge.see(['900'], NOW);
    assert.equal(judge.isForeign, false);
  });

  test('holds a reading after a restart that is suddenly smaller than the recorded measure', () => {
    const { reasons, take } = begin(statusAfter(snapshotOf(300)));
    take(snapshotOf(100, { at: 2 }));
    assert.deepEqual(reasons(), ['DirectoryShrunk']);
  });

  test('holds shrunken teams, and still adopts accounts and licenses', () => {
    const { judge, take, reasons, directory } = begin();
    take(snapshotOf(50, { teams: 40, membersPerTeam: 5 }));
    take(snapshotOf(51, { teams: 3, membersPerTeam: 5, at: 2 }));
    assert.deepEqual(reasons(), ['DirectoryShrunk']);
    assert.deepEqual(judge.doubts[0]?.parts, ['teams', 'teamMemberships']);
    const current = directory.current();
    assert.deepEqual([current?.accounts.size, current?.parts.licenses?.at, current?.teams.size], [51, 2, 40]);
  });

  test('ends a hold when a reading is about as large as before, never because a small one repeats', () => {
    const { take, reasons, directory } = begin();
    take(snapshotOf(100));
    for (let at = 2; at < 8; at += 1) take(snapshotOf(50, { at }));
    assert.deepEqual(reasons(), ['DirectoryShrunk']);
    assert.equal(directory.current()?.accounts.size, 100, 'the larger reading remains');
    take(snapshotOf(97, { at: 9 }));
    assert.deepEqual(reasons(), []);
    assert.equal(directory.current()?.accounts.size, 97);
  });

  test('keeps the token of a hold while the reading is no worse, and increments it when it is', () => {
    const { take, holds } = begin();
    take(snapshotOf(100));
    take(snapshotOf(50, { at: 2 }));
    const [first] = holds.list();
    take(snapshotOf(60, { at: 3 }));
    assert.deepEqual([holds.list()[0]?.id, holds.list()[0]?.n], [first?.id, 1]);
    take(snapshotOf(40, { at: 4 }));
    assert.deepEqual([holds.list()[0]?.id, holds.list()[0]?.n], [first?.id, 2]);
  });

  test('adopts a smaller reading as the measure once a person accepts it', () => {
    const { judge, take, directory, reasons, holds } = begin();
    take(snapshotOf(100));
    take(snapshotOf(50, { at: 2 }));
    assert.equal(judge.canAccept('DirectoryShrunk'), true);
    holds.drop('DirectoryShrunk');
    judge.accept('DirectoryShrunk');
    assert.deepEqual([judge.measure?.accounts?.count, directory.current()?.accounts.size], [50, 50]);
    take(snapshotOf(49, { at: 3 }));
    assert.deepEqual(reasons(), []);
  });

  test('adopts nothing of another organization, whether its reading is complete or not', () => {
    for (const complete of [true, false]) {
      const { judge, take, directory, reasons } = begin(statusAfter(snapshotOf(30)));
      take(snapshotOf(30, { organization: '700', complete, at: 2 }));
      assert.deepEqual(reasons(), ['OrganizationChanged'], `complete: ${complete}`);
      assert.equal(directory.current(), null);
      assert.deepEqual([judge.isForeign, judge.organizations], [true, ['500']]);
    }
  });

  test('switches to another organization once a person accepts it, and keeps nothing of the old one', () => {
    const { judge, take, directory } = begin();
    take(snapshotOf(100));
    take(snapshotOf(5, { organization: '700', at: 2 }));
    judge.accept('OrganizationChanged');
    assert.deepEqual([judge.organizations, judge.isForeign], [['700'], false]);
    assert.equal(directory.current()?.organization?.gid, '700');
    assert.equal(judge.measure?.accounts?.count, 5);
  });

  const shrunk = {
    reason: 'DirectoryShrunk',
    id: 'abc',
    since: '2026-01-01T00:00:00Z',
    token: 'abc.2',
    count: 50,
    people: 0,
  } as const;

  test('keeps a hold after a restart, and accepts no reading that it has not seen', () => {
    const missing = { accounts: 50, licenses: 50 };
    const { judge, take, holds, reasons } = begin({
      ...statusAfter(snapshotOf(100)),
      holds: [{ ...shrunk, missing }],
    });
    assert.deepEqual([reasons(), judge.canAccept('DirectoryShrunk')], [['DirectoryShrunk'], false]);
    take(snapshotOf(50, { at: 2 }));
    assert.deepEqual(
      [holds.named('abc.2')?.reason, judge.canAccept('DirectoryShrunk')],
      ['DirectoryShrunk', true],
    );
  });

  test('changes the token of a hold after a restart if another part is missing as much', () => {
    const { take, holds } = begin({
      ...statusAfter(snapshotOf(100, { teams: 100, membersPerTeam: 1 })),
      holds: [{ ...shrunk, missing: { teams: 50, teamMemberships: 50 } }],
    });
    take(snapshotOf(50, { at: 2, teams: 50, membersPerTeam: 1 }));
    assert.deepEqual([holds.named('abc.2'), holds.list().length], [null, 1]);
  });

  test('stays foreign after a smaller reading was accepted if another organization was seen since', () => {
    const { judge, take, reasons } = begin(statusAfter(snapshotOf(100)));
    take(snapshotOf(50, { at: 2 }));
    judge.see(['900'], NOW);
    judge.accept('DirectoryShrunk');
    assert.deepEqual([judge.isForeign, reasons()], [true, ['DirectoryShrunk', 'OrganizationChanged']]);
  });

  test('holds a listing that is equally short three times, until its shortfall is accepted', () => {
    const { judge, take, reasons } = begin();
    for (const at of [1, 2]) take(snapshotOf(60, { short: 1, at }));
    assert.deepEqual(reasons(), []);
    take(snapshotOf(60, { short: 1, at: 3 }));
    assert.deepEqual(reasons(), ['ListingShort']);
    judge.accept('ListingShort');
    assert.ok((judge.measure?.acceptedShortfall ?? 0) > 0);
    assert.deepEqual(judge.doubts, []);
  });
});

suite('the measure in the status', () => {
  test('excludes what our own actions have removed since the reading', () => {
    const { judge } = begin(statusAfter(snapshotOf(100)));
    assert.ok(judge.measure);
    const record = writeMeasure(judge.measure, { ...noCounts, accounts: 7 });
    assert.deepEqual([record.accounts?.count, record.licenses?.count, record.teams], [93, 100, undefined]);
  });
});
