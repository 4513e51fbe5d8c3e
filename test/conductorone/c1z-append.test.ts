import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { C1zError } from '../../src/conductorone/c1z/errors.ts';
import { C1zReader } from '../../src/conductorone/c1z/reader.ts';
import { everything } from '../../src/conductorone/c1z/selection.ts';
import { addSync, type C1zOptions } from '../../src/conductorone/c1z/writer.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import { databaseIn, packDatabase, ReadC1z } from './c1z-file.ts';
import { account, largeSnapshot, member, snapshotOf, team } from './directories.ts';

const settings = { licenses: true, serviceAccount: false };

interface Place {
  readonly file: string;
  readonly tempFolder: string;
  /** Adds a sync that is one hour later than the previous one. */
  readonly sync: (snapshot: Snapshot, overrides?: Partial<C1zOptions>) => Promise<string>;
  readonly read: () => Promise<ReadC1z>;
}

async function inPlace(t: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'c1z-append-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'sync.c1z');
  const tempFolder = join(folder, 'temp');
  let syncs = 0;
  return {
    file,
    tempFolder,
    sync: async (snapshot, overrides = {}) => {
      syncs += 1;
      const now = Date.UTC(2026, 10, 24, syncs);
      const clock: Clock = { ...systemClock, now: () => now };
      const random = (size: number) => new Uint8Array(size).fill(syncs);
      const { syncId } = await addSync(file, { snapshot, settings, tempFolder, clock, random, ...overrides });
      return syncId;
    },
    read: async () => {
      const c1z = await ReadC1z.open(file);
      t.after(() => c1z[Symbol.dispose]());
      return c1z;
    },
  };
}

async function edit(file: string, change: (db: DatabaseSync) => void): Promise<void> {
  const db = new DatabaseSync(':memory:');
  db.deserialize(await databaseIn(file));
  change(db);
  await packDatabase(Buffer.from(db.serialize()), file);
  db.close();
}

const partial = { selection: { ...everything, resources: ['team:501'] } };
const resourcesOnly = { selection: { ...everything, entitlements: false, grants: false } };
const one = snapshotOf([account('1')], [team('501', [member('1')])]);
const two = snapshotOf([account('1'), account('2')], [team('501', [member('2')])]);

suite('a sync to a file', () => {
  test('creates the file, and the next sync is added to it completely', async (t) => {
    const { sync, read, file, tempFolder } = await inPlace(t);
    const ids = [await sync(one), await sync(two)];
    const c1z = await read();
    assert.deepEqual(c1z.rows('select sync_id, sync_type, started_at from v1_sync_runs order by id'), [
      { sync_id: ids[0], sync_type: 'full', started_at: '2026-11-24 01:00:00.000000000' },
      { sync_id: ids[1], sync_type: 'full', started_at: '2026-11-24 02:00:00.000000000' },
    ]);
    const grants = (id: string | undefined) =>
      c1z.column(`select external_id from v1_grants where sync_id = '${id}' and resource_type_id = 'team'`);
    assert.deepEqual(ids.map(grants), [['team:501:Team Member:user:1'], ['team:501:Team Member:user:2']]);
    assert.deepEqual(c1z.column('pragma integrity_check'), ['ok']);
    assert.equal(c1z.column("select count(*) from sqlite_master where type = 'index'")[0], 16);
    assert.deepEqual(await readdir(tempFolder), []);
    assert.deepEqual(
      (await readdir(join(file, '..'))).sort((a, b) => a.localeCompare(b)),
      ['sync.c1z', 'temp'],
    );
  });

  test('keeps only the newest two full syncs, and no free pages in the file', async (t) => {
    const { sync, read } = await inPlace(t);
    const ids: string[] = [];
    for (let times = 0; times < 4; times += 1) ids.push(await sync(times % 2 === 0 ? one : two));
    const c1z = await read();
    for (const table of [
      'v1_sync_runs',
      'v1_resource_types',
      'v1_resources',
      'v1_entitlements',
      'v1_grants',
    ]) {
      assert.deepEqual(c1z.column(`select distinct sync_id from ${table} order by id`), ids.slice(2), table);
    }
    assert.deepEqual(c1z.column('pragma freelist_count'), [0]);
  });

  test('creates the file with mode 600, and keeps the mode of an existing file', async (t) => {
    const { sync, file } = await inPlace(t);
    const mode = async () => ((await stat(file)).mode & 0o777).toString(8);
    await sync(one);
    assert.equal(await mode(), '600');
    await chmod(file, 0o664);
    await sync(one);
    assert.equal(await mode(), '664');
  });

  test('keeps a partial sync until a newer full sync is removed', async (t) => {
    const { sync, read } = await inPlace(t);
    const ids = async () => (await read()).column('select sync_id from v1_sync_runs order by id');
    const early = await sync(one, partial);
    const first = await sync(one);
    const late = await sync(one, resourcesOnly);
    const second = await sync(two);
    assert.deepEqual(await ids(), [early, first, late, second]);
    const third = await sync(one);
    assert.deepEqual(await ids(), [late, second, third]);
    const fourth = await sync(one);
    assert.deepEqual(await ids(), [third, fourth]);
  });

  test('keeps all partial syncs and their resources when the first full sync is added', async (t) => {
    const { sync, read } = await inPlace(t);
    const kept = [
      await sync(one, partial),
      await sync(one, partial),
      await sync(one, resourcesOnly),
      await sync(two),
    ];
    assert.deepEqual((await read()).column('select sync_id from v1_sync_runs order by id'), kept);
    assert.deepEqual((await read()).column('select distinct sync_id from v1_resources order by id'), kept);
  });

  test('records the newest full sync as the parent of a partial sync', async (t) => {
    const { sync, read } = await inPlace(t);
    const alone = await sync(one, partial);
    await sync(one);
    const full = await sync(two);
    const [part, resources] = [await sync(two, partial), await sync(two, resourcesOnly)];
    const parents = (await read()).rows('select sync_id, parent_sync_id from v1_sync_runs');
    const parentOf = (id: string) => parents.find(({ sync_id }) => sync_id === id)?.['parent_sync_id'];
    assert.deepEqual([alone, part, full, resources].map(parentOf), ['', full, '', '']);
  });

  test('keeps an unfinished sync of another writer, with its rows, regardless of later full syncs', async (t) => {
    const { sync, read, file } = await inPlace(t);
    const unfinished = await sync(one);
    await edit(file, (db) => db.exec('update v1_sync_runs set ended_at = null'));
    const finished = [await sync(one), await sync(two), await sync(one)];
    const c1z = await read();
    const ids = [unfinished, ...finished.slice(1)];
    assert.deepEqual(c1z.column('select sync_id from v1_sync_runs order by id'), ids);
    assert.deepEqual(c1z.column('select distinct sync_id from v1_resources order by id'), ids);
  });

  test('orders syncs by the time in their IDs, not by the times that another writer recorded', async (t) => {
    const { sync, read, file, tempFolder } = await inPlace(t);
    const ids = [await sync(one), await sync(two)];
    // As if the writer of the first sync had used the local time of a zone nine hours further east.
    await edit(file, (db) =>
      db
        .prepare(
          `update v1_sync_runs set started_at = datetime(started_at, '+9 hours'),
           ended_at = datetime(ended_at, '+9 hours') where sync_id = ?`,
        )
        .run(ids[0] ?? ''),
    );
    await using c1z = await C1zReader.open(file, tempFolder);
    assert.equal(c1z.resource('user', '2')?.displayName, 'User 2', 'the newest sync is read');
    const third = await sync(one);
    assert.deepEqual((await read()).column('select sync_id from v1_sync_runs order by id'), [ids[1], third]);
  });

  test('upgrades a file of an old Go connector: fewer columns, other indices, write-ahead log, several frames', async (t) => {
    const { sync, read, file } = await inPlace(t);
    const database = join(file, '..', 'old.db');
    const db = new DatabaseSync(database);
    const rest = 'data blob not null, sync_id text not null, discovered_at datetime not null';
    db.exec(`
      pragma journal_mode = wal;
      create table v1_resource_types (id integer primary key, external_id text not null, ${rest});
      create table v1_resources (id integer primary key, resource_type_id text not null, external_id text not null,
        parent_resource_type_id text, parent_resource_id text, ${rest});
      create table v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null,
        external_id text not null, ${rest});
      create table v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null,
        entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null,
        external_id text not null, ${rest});
      create table v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null,
        ended_at datetime, sync_token text not null);
      create index idx_grants_resource_type_id_resource_id_v1 on v1_entitlements (resource_type_id, resource_id);
      insert into v1_sync_runs (sync_id, started_at, ended_at, sync_token)
        values ('old', '2025-01-15 10:00:00.1', '2025-01-15 10:01:00.1', ''), ('unfinished', '2025-01-16 10:00:00.1', null, '{}');
      insert into v1_grants (resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
        principal_resource_id, external_id, data, sync_id, discovered_at)
        values ('team', '501', 'team:501:Admin', 'user', '1', 'team:501:Admin:user:1', x'1a0161', 'old', '2025-01-15 10:00:30');
      pragma wal_checkpoint(truncate);`);
    db.close();
    await packDatabase(await readFile(database), file);

    const id = await sync(two);
    const c1z = await read();
    assert.deepEqual(c1z.rows('select sync_id, sync_type, grants_backfilled from v1_sync_runs order by id'), [
      { sync_id: 'old', sync_type: 'full', grants_backfilled: 0 },
      { sync_id: 'unfinished', sync_type: 'full', grants_backfilled: 0 },
      { sync_id: id, sync_type: 'full', grants_backfilled: 1 },
    ]);
    assert.deepEqual(c1z.rows("select external_id, hex(data) data from v1_grants where sync_id = 'old'"), [
      { external_id: 'team:501:Admin:user:1', data: '1A0161' },
    ]);
    assert.deepEqual(
      c1z.column(
        "select tbl_name from sqlite_master where name = 'idx_grants_resource_type_id_resource_id_v1'",
      ),
      ['v1_grants'],
    );
  });

  for (const { content, says, because } of [
    { content: Buffer.from('C1Z3\0rest'), says: 'version 3', because: 'a Pebble file' },
    { content: Buffer.from(''), says: 'not a c1z file', because: 'an empty file' },
    {
      content: Buffer.from('PK\x03\x04 a zip'),
      says: 'not a c1z file',
      because: 'a zip archive',
    },
    { content: Buffer.from('C1ZF\0not zstd at all'), says: 'damaged', because: 'no zstd data' },
    {
      content: Buffer.concat([Buffer.from('C1ZF\0'), Buffer.from('28b52ffd2006310000616263646566', 'hex')]),
      says: 'damaged',
      because: 'zstd data without a database',
    },
  ]) {
    test(`rejects, names and does not change a file that is not a c1z of version 1: ${because}`, async (t) => {
      const { sync, file, tempFolder } = await inPlace(t);
      await writeFile(file, content);
      await assert.rejects(sync(one), (error) => {
        assert.ok(error instanceof C1zError, String(error));
        assert.equal(error.code, 'FileUnusable');
        assert.ok(error.message.includes(says) && error.message.includes(file), error.message);
        return true;
      });
      assert.ok((await readFile(file)).equals(content));
      assert.deepEqual(await readdir(tempFolder), []);
      assert.ok(!(await readdir(join(file, '..'))).includes('sync.c1z.tmp'));
    });
  }

  test('rejects a truncated file and does not change it', async (t) => {
    const { sync, file } = await inPlace(t);
    await sync(one);
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length - 500));
    await assert.rejects(sync(two), (error) => error instanceof C1zError && error.code === 'FileUnusable');
    assert.equal((await readFile(file)).length, whole.length - 500);
  });

  test('does not change the existing file, and leaves no temporary file, if it is canceled', async (t) => {
    const { sync, file, tempFolder } = await inPlace(t);
    await sync(one);
    const before = await readFile(file);
    const controller = new AbortController();
    const adding = sync(largeSnapshot(5_000, 500, 10), { signal: controller.signal });
    while ((await readdir(tempFolder)).length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('stopped'));
    await assert.rejects(adding, /stopped/);
    assert.ok((await readFile(file)).equals(before));
    assert.deepEqual(await readdir(tempFolder), []);
    assert.ok(!(await readdir(join(file, '..'))).includes('sync.c1z.tmp'));
  });

  test('fails with FileUnusable and names the file and the remedy if its folder does not exist', async (t) => {
    const { tempFolder } = await inPlace(t);
    const clock = systemClock;
    const options = {
      snapshot: one,
      settings,
      tempFolder,
      clock,
      random: (size: number) => new Uint8Array(size),
    };
    const file = join(tempFolder, 'missing', 'sync.c1z');
    await assert.rejects(
      addSync(file, options),
      (error) =>
        error instanceof C1zError &&
        error.code === 'FileUnusable' &&
        error.message.includes(file) &&
        error.message.includes('correct the path'),
    );
    assert.deepEqual(await readdir(tempFolder), []);
  });

  test('replaces a temporary file that a crash left', async (t) => {
    const { sync, file, read } = await inPlace(t);
    await writeFile(`${file}.tmp`, 'half');
    await sync(one);
    assert.equal((await read()).grants().length, 3);
  });
});

suite('a lookup in a file', () => {
  test('finds entitlements, accounts and grants of the newest finished full sync', async (t) => {
    const { sync, file, tempFolder } = await inPlace(t);
    await sync(one);
    await sync(two);
    await sync(one, { selection: { ...everything, resources: ['team:501'] } });
    await using c1z = await C1zReader.open(file, tempFolder);
    assert.equal(c1z.entitlement('team:501:Team Member')?.slug, 'Team Member');
    assert.equal(c1z.entitlement('view only')?.resource?.id?.resource, 'view only');
    assert.equal(c1z.resource('user', '2')?.displayName, 'User 2');
    assert.equal(c1z.grant('enterprise:2')?.principal?.id?.resource, '2');
    assert.equal(c1z.grant('team:501:Team Member:user:1'), null, 'this grant is only in the previous sync');
    assert.equal(c1z.resource('user', "' or 1=1 --"), null);
  });

  test('fails with the remedy if there is no full sync or no file, and leaves nothing unpacked', async (t) => {
    const { file, tempFolder, sync } = await inPlace(t);
    await sync(one, { selection: { ...everything, entitlements: false, grants: false } });
    await mkdir(tempFolder, { recursive: true });
    for (const [path, says] of [
      [file, 'Run a sync'],
      [`${file}.missing`, 'correct the path'],
    ] as const) {
      await assert.rejects(
        C1zReader.open(path, tempFolder),
        (error) => error instanceof C1zError && error.code === 'FileUnusable' && error.message.includes(says),
      );
    }
    assert.deepEqual(await readdir(tempFolder), []);
  });
});
