import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { C1zError } from '../../src/conductorone/c1z/errors.ts';
import { everything, type Selection } from '../../src/conductorone/c1z/selection.ts';
import { type C1zFile, type C1zOptions, writeC1z } from '../../src/conductorone/c1z/writer.ts';
import { EntitlementSchema } from '../../src/conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import { ResourceSchema } from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';
import { describeDirectory } from '../../src/conductorone/model.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import { databaseIn, ReadC1z } from './c1z-file.ts';
import { account, acme, largeSnapshot, member, snapshotOf, team } from './directories.ts';

const NOW = Date.UTC(2026, 10, 24, 10, 30, 0, 5);
const still: Clock = { ...systemClock, now: () => NOW };
const settings = { licenses: true, serviceAccount: true };

async function inTempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'c1z-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function write(
  t: TestContext,
  snapshot: Snapshot,
  overrides: Partial<C1zOptions> = {},
): Promise<C1zFile> {
  const tempFolder = await inTempFolder(t);
  return writeC1z({
    snapshot,
    settings,
    tempFolder,
    clock: still,
    random: (size) => new Uint8Array(size).fill(7),
    ...overrides,
  });
}

async function read(t: TestContext, file: C1zFile): Promise<ReadC1z> {
  const c1z = await ReadC1z.open(file.path);
  t.after(() => c1z[Symbol.dispose]());
  return c1z;
}

const people = [
  account('905'),
  account('1', {
    memberships: [{ gid: 'm', workspace: acme.gid, active: true, role: 'Admin', viewOnly: false }],
  }),
  account('30', { license: 'ViewOnly', email: null, name: 'Zoë “Z” Ångström' }),
];
const small = snapshotOf(people, [
  team('501', [member('905', { admin: true }), member('1', { guest: true, limitedAccess: true })]),
  team('50', [member('30')], 'x'.repeat(900)),
]);

/** Sorts grants by id in SQLite's text order, since they may be written in any order. */
function byId<T extends { readonly id: string }>(grants: readonly T[]): T[] {
  return grants.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

suite('a c1z file', () => {
  test('consists of the magic bytes and an SQLite file in a zstd frame that declares its size', async (t) => {
    const file = await write(t, small);
    const bytes = await readFile(file.path);
    assert.equal(file.bytes, bytes.length);
    assert.equal(bytes.subarray(0, 9).toString('hex'), '43315a460028b52ffd');
    const database = await databaseIn(file.path);
    const frameHeader = bytes[9] ?? 0;
    assert.ok(
      frameHeader >> 6 !== 0 || (frameHeader & 0x20) !== 0,
      'RFC 8878 §3.1.1.1: the content size is present',
    );
    assert.equal(database.subarray(0, 15).toString(), 'SQLite format 3');
    assert.equal(database.readUInt16BE(16), 4096, 'page size');
    assert.deepEqual([database[18], database[19]], [1, 1], 'no write-ahead log');
    const c1z = await read(t, file);
    assert.deepEqual(c1z.column('pragma user_version'), [0]);
    assert.deepEqual(c1z.column('pragma encoding'), ['UTF-8']);
    assert.deepEqual(c1z.column('pragma integrity_check'), ['ok']);
    assert.deepEqual(c1z.column('pragma freelist_count'), [0]);
  });

  test('has exactly the tables and columns of version 1', async (t) => {
    const c1z = await read(t, await write(t, small));
    const sync = ['sync_id text!', 'discovered_at datetime!'];
    const expected: Record<string, string[]> = {
      v1_assets: ['external_id text!', 'content_type text!', 'data blob!', ...sync],
      v1_connector_sessions: ['sync_id text!', 'key text!', 'value blob!'],
      v1_entitlements: [
        'resource_type_id text!',
        'resource_id text!',
        'external_id text!',
        'data blob!',
        ...sync,
      ],
      v1_grants: [
        'resource_type_id text!',
        'resource_id text!',
        'entitlement_id text!',
        'principal_resource_type_id text!',
        'principal_resource_id text!',
        'external_id text!',
        'expansion blob',
        'needs_expansion integer! 0',
        'data blob!',
        ...sync,
      ],
      v1_resource_types: ['external_id text!', 'data blob!', ...sync],
      v1_resources: [
        'resource_type_id text!',
        'external_id text!',
        'parent_resource_type_id text',
        'parent_resource_id text',
        'data blob!',
        ...sync,
      ],
      v1_sync_runs: [
        'sync_id text!',
        'started_at datetime!',
        'ended_at datetime',
        'sync_token text!',
        "sync_type text! 'full'",
        "parent_sync_id text! ''",
        "linked_sync_id text! ''",
        'supports_diff integer! 0',
        'grants_backfilled integer! 0',
        'stats text',
        "ingest_invariant_generation text! ''",
        "ingest_invariant_coverage text! ''",
        "ingest_invariant_mode text! ''",
      ],
    };
    const tables = c1z.column(
      "select name from sqlite_master where type = 'table' order by name",
    ) as string[];
    assert.deepEqual(tables, Object.keys(expected));
    for (const table of tables) {
      const columns = c1z.rows(`select * from pragma_table_info('${table}')`).map((row) => {
        const {
          name,
          type,
          notnull,
          dflt_value: fallback,
          pk,
        } = row as Record<string, string | number | null>;
        return `${pk === 1 ? 'pk ' : ''}${name} ${String(type).toLowerCase()}${notnull === 1 ? '!' : ''}${fallback === null ? '' : ` ${fallback}`}`;
      });
      assert.deepEqual(columns, ['pk id integer', ...(expected[table] ?? [])], table);
    }
  });

  test('has exactly the indices of version 1, including two with swapped names', async (t) => {
    const c1z = await read(t, await write(t, small));
    const indices = c1z.rows(`
      select m.name, m.tbl_name, l."unique", l.partial,
        (select group_concat(i.name, ', ') from (select name from pragma_index_info(m.name) order by seqno) i) columns
      from sqlite_master m join pragma_index_list(m.tbl_name) l on l.name = m.name where m.type = 'index' order by m.name`);
    assert.deepEqual(
      indices.map(
        (row) =>
          `${String(row['name'])} on ${String(row['tbl_name'])} (${String(row['columns'])})${row['unique'] === 1 ? ' unique' : ''}${row['partial'] === 1 ? ' partial' : ''}`,
      ),
      [
        'idx_assets_external_sync_v1 on v1_assets (external_id, sync_id) unique',
        'idx_entitlements_external_sync_v1 on v1_entitlements (external_id, sync_id) unique',
        'idx_entitlements_resource_id_v1 on v1_entitlements (resource_type_id, resource_id)',
        'idx_grants_entitlement_id_principal_id_v1 on v1_grants (entitlement_id, principal_resource_type_id, principal_resource_id)',
        'idx_grants_entitlement_sync_grant_v1 on v1_grants (entitlement_id, sync_id, id)',
        'idx_grants_external_sync_v1 on v1_grants (external_id, sync_id) unique',
        'idx_grants_principal_id_v1 on v1_grants (principal_resource_type_id, principal_resource_id)',
        'idx_grants_resource_type_id_resource_id_v1 on v1_grants (resource_type_id, resource_id)',
        'idx_grants_sync_expansion_v1 on v1_grants (sync_id) partial',
        'idx_grants_sync_needs_expansion_v1 on v1_grants (sync_id) partial',
        'idx_resource_types_external_sync_v1 on v1_resource_types (external_id, sync_id) unique',
        'idx_resources_external_sync_v1 on v1_resources (parent_resource_type_id, parent_resource_id)',
        'idx_resources_parent_resource_id_v1 on v1_resources (external_id, sync_id) unique',
        'idx_resources_resource_type_id_v1 on v1_resources (resource_type_id)',
        'idx_session_store_sync_key_v1 on v1_connector_sessions (sync_id, key) unique',
        'idx_sync_runs_sync_id_v1 on v1_sync_runs (sync_id) unique',
      ],
    );
    const conditions = c1z.column(
      "select substr(sql, instr(sql, ' where ')) from sqlite_master where sql like '% where %' order by name",
    );
    assert.deepEqual(conditions, [' where expansion is not null', ' where needs_expansion = 1']);
  });

  test('contains one finished full sync with a KSUID and times in UTC with nine fractional digits', async (t) => {
    const file = await write(t, small);
    const c1z = await read(t, file);
    const [run, ...others] = c1z.rows('select * from v1_sync_runs');
    assert.equal(others.length, 0);
    assert.match(file.syncId, /^[0-9A-Za-z]{27}$/);
    assert.deepEqual(run, {
      id: 1,
      sync_id: file.syncId,
      started_at: '2026-11-24 10:30:00.005000000',
      ended_at: '2026-11-24 10:30:00.005000000',
      sync_token: '',
      sync_type: 'full',
      parent_sync_id: '',
      linked_sync_id: '',
      supports_diff: 1,
      grants_backfilled: 1,
      stats: null,
      ingest_invariant_generation: '',
      ingest_invariant_coverage: '',
      ingest_invariant_mode: '',
    });
    for (const table of ['v1_resource_types', 'v1_resources', 'v1_entitlements', 'v1_grants']) {
      assert.deepEqual(c1z.rows(`select distinct sync_id, discovered_at from ${table}`), [
        { sync_id: file.syncId, discovered_at: '2026-11-24 10:30:00.005000000' },
      ]);
    }
  });

  test('contains every account, entitlement and grant of the directory, encoded exactly as by protobuf', async (t) => {
    const file = await write(t, small);
    const c1z = await read(t, file);
    const described = [...describeDirectory(small, settings)];
    const resources = described.flatMap((one) => (one.kind === 'resource' ? [one.resource] : []));
    const entitlements = described.flatMap((one) => (one.kind === 'entitlement' ? [one.entitlement] : []));
    const grants = described.flatMap((one) => (one.kind === 'grant' ? [one.grant] : []));
    assert.deepEqual(file.counts, { resources: 8, entitlements: 13, grants: 12, unknownMembers: 0 });
    const hex = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('hex');
    assert.deepEqual(
      c1z
        .rows('select * from v1_resources order by id')
        .map((row) => [
          row['resource_type_id'],
          row['external_id'],
          row['parent_resource_type_id'],
          row['parent_resource_id'],
          hex(row['data']),
        ]),
      resources.map((one) => [
        one.id?.resourceType,
        `${one.id?.resourceType}:${one.id?.resource}`,
        one.parentResourceId?.resourceType ?? null,
        one.parentResourceId?.resource ?? null,
        hex(toBinary(ResourceSchema, one)),
      ]),
    );
    assert.deepEqual(
      c1z
        .rows('select * from v1_entitlements order by id')
        .map((row) => [row['resource_type_id'], row['resource_id'], row['external_id'], hex(row['data'])]),
      entitlements.map((one) => [
        one.resource?.id?.resourceType,
        one.resource?.id?.resource,
        one.id,
        hex(toBinary(EntitlementSchema, one)),
      ]),
    );
    assert.deepEqual(
      c1z
        .rows('select * from v1_grants order by external_id')
        .map((row) => [
          row['resource_type_id'],
          row['resource_id'],
          row['entitlement_id'],
          row['principal_resource_type_id'],
          row['principal_resource_id'],
          row['external_id'],
          row['expansion'],
          row['needs_expansion'],
          hex(row['data']),
        ]),
      byId(grants).map((one) => [
        one.entitlement?.resource?.id?.resourceType,
        one.entitlement?.resource?.id?.resource,
        one.entitlement?.id,
        'user',
        one.principal?.id?.resource,
        one.id,
        null,
        0,
        hex(toBinary(GrantSchema, one)),
      ]),
    );
    assert.deepEqual(
      c1z.resourceTypes().map(({ id }) => id),
      ['license', 'team', 'user', 'workspace'],
    );
  });

  test('contains the entitlement and the principal of every grant under the same names', async (t) => {
    const c1z = await read(t, await write(t, small));
    const entitlements = new Map(c1z.entitlements().map((one) => [one.id, one]));
    const users = new Map(c1z.resources().map((one) => [`${one.id?.resourceType}:${one.id?.resource}`, one]));
    const grants = c1z.grants();
    assert.equal(grants.length, 12);
    for (const { entitlement, principal } of grants) {
      assert.equal(entitlement?.displayName, entitlements.get(entitlement?.id ?? '')?.displayName);
      assert.equal(principal?.displayName, users.get(`user:${principal?.id?.resource}`)?.displayName);
    }
  });

  test('is identical for equal directories, regardless of the order in which they were read', async (t) => {
    const reversed = snapshotOf(
      people.toReversed(),
      [...small.teams.values()]
        .toReversed()
        .map((one) => ({ ...one, memberships: one.memberships.toReversed() })),
    );
    const [one, other] = [await write(t, small), await write(t, reversed)];
    assert.ok((await readFile(one.path)).equals(await readFile(other.path)));
  });

  test('differs only in sync IDs and times if it is written later', async (t) => {
    const later = { ...still, now: () => NOW + 3600_000 };
    const files = [
      await write(t, small),
      await write(t, small, { clock: later, random: (size) => new Uint8Array(size).fill(9) }),
    ];
    const [one, other] = await Promise.all(files.map((file) => read(t, file)));
    assert.ok(one && other);
    assert.notEqual(files[0]?.syncId, files[1]?.syncId);
    for (const table of ['v1_resource_types', 'v1_resources', 'v1_entitlements', 'v1_grants']) {
      const sql = `select id, external_id, data from ${table} order by id`;
      assert.deepEqual(one.rows(sql), other.rows(sql), table);
    }
  });

  test('contains a team that is too large for one message, and merges a duplicate member with both roles', async (t) => {
    const crowd = Array.from({ length: 20_000 }, (_, index) =>
      account(String(100_000 + index), { license: null, scim: null }),
    );
    const memberships = crowd.map(({ gid }) => member(gid));
    const everybody = team('501', [
      ...memberships.toReversed(),
      member('100000', { admin: true }),
      member('999'),
    ]);
    const file = await write(t, snapshotOf(crowd, [everybody, team('502', [member('100007')])]));
    const c1z = await read(t, file);
    assert.deepEqual(
      c1z.column("select count(*) from v1_grants where entitlement_id = 'team:501:Team Member'"),
      [20_000],
    );
    assert.deepEqual(
      c1z.column(
        "select external_id from v1_grants where entitlement_id like 'team:501:A%' or resource_id = '502'",
      ),
      ['team:501:Admin:user:100000', 'team:502:Team Member:user:100007'],
    );
    assert.equal(file.counts.unknownMembers, 1);
  });

  test('of an empty directory is a finished sync of only the workspace and its entitlements', async (t) => {
    const file = await write(t, snapshotOf([]), { settings: { licenses: false, serviceAccount: false } });
    assert.deepEqual(file.counts, { resources: 1, entitlements: 3, grants: 0, unknownMembers: 0 });
    const c1z = await read(t, file);
    assert.deepEqual(c1z.rows('select sync_type, ended_at is not null as ended from v1_sync_runs'), [
      { sync_type: 'full', ended: 1 },
    ]);
    assert.deepEqual(c1z.column('select external_id from v1_resources'), ['workspace:1200']);
    assert.deepEqual(c1z.column('select distinct resource_id from v1_entitlements'), ['1200']);
  });

  for (const { selection, type, expected, because } of [
    {
      selection: { entitlements: false, grants: false },
      type: 'resources_only',
      expected: [8, 0, 0],
      because: 'skip_entitlements_and_grants',
    },
    { selection: { grants: false }, type: 'full', expected: [8, 13, 0], because: 'skip_grants' },
    {
      selection: { resourceTypes: ['team'] },
      type: 'full',
      expected: [2, 8, 6],
      because: 'one resource type',
    },
    {
      selection: { resourceTypes: ['license', 'user'] },
      type: 'full',
      expected: [5, 2, 3],
      because: 'two resource types',
    },
    { selection: { resources: ['team:501'] }, type: 'partial', expected: [1, 4, 5], because: 'one resource' },
    {
      selection: { resources: ['user:1', 'team:9'] },
      type: 'partial',
      expected: [1, 0, 0],
      because: 'a user and a team that does not exist',
    },
  ] satisfies { selection: Partial<Selection>; type: string; expected: number[]; because: string }[]) {
    test(`contains the requested part of the directory: ${because}`, async (t) => {
      const file = await write(t, small, { selection: { ...everything, ...selection } });
      const { resources, entitlements, grants } = file.counts;
      assert.deepEqual([resources, entitlements, grants], expected);
      assert.deepEqual((await read(t, file)).column('select sync_type from v1_sync_runs'), [type]);
    });
  }

  test('can be read repeatedly from its first byte, and disposing of it removes its folder', async (t) => {
    const tempFolder = await inTempFolder(t);
    const file = await write(t, small, { tempFolder });
    for (let times = 0; times < 2; times += 1) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of file.read()) chunks.push(chunk);
      assert.ok(Buffer.concat(chunks).equals(await readFile(file.path)));
    }
    assert.deepEqual(await readdir(join(file.path, '..')), ['sync.c1z']);
    await file[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(tempFolder), []);
  });

  for (const { part, because } of [
    { part: 'accounts', because: 'missing accounts would be removed' },
    { part: 'licenses', because: 'missing licenses would be removed' },
    { part: 'teams', because: 'missing teams would be removed' },
  ] as const) {
    test(`is not written if the ${part} of the reading are not complete: ${because}`, async (t) => {
      const tempFolder = await inTempFolder(t);
      const incomplete = {
        at: 0,
        startedAt: 0,
        begunAt: 0,
        complete: false,
        incompleteBecause: 'page 3 failed',
      };
      for (const value of part === 'accounts' ? [incomplete] : [incomplete, null]) {
        const snapshot = { ...small, parts: { ...small.parts, [part]: value } };
        await assert.rejects(
          write(t, snapshot, { tempFolder }),
          (error) =>
            error instanceof C1zError && error.code === 'SnapshotIncomplete' && error.message.includes(part),
        );
      }
      assert.deepEqual(await readdir(tempFolder), []);
    });
  }
});

suite('writing a c1z file', () => {
  test('does not block the event loop: no turn uses 100 ms of CPU time', async (t) => {
    const snapshot = largeSnapshot(20_000, 2_000, 25);
    let longest = 0;
    let turns = 0;
    let running = true;
    // Measures the CPU time of this thread, so that the load of the machine does not count.
    let before = process.threadCpuUsage();
    const turn = () => {
      const { user, system } = process.threadCpuUsage(before);
      before = process.threadCpuUsage();
      longest = Math.max(longest, (user + system) / 1000);
      turns += 1;
      if (running) setTimeout(turn, 2);
    };
    setTimeout(turn, 2);
    const file = await write(t, snapshot);
    running = false;
    assert.deepEqual(file.counts, {
      resources: 22_003,
      entitlements: 8_005,
      grants: 92_000,
      unknownMembers: 0,
    });
    assert.ok(longest < 100, `one turn took ${longest.toFixed(0)} ms`);
    assert.ok(turns > 100, `${turns} turns`);
  });

  test('stops with the reason of the signal when it is aborted, and leaves no file', async (t) => {
    const tempFolder = await inTempFolder(t);
    const controller = new AbortController();
    const written = write(t, largeSnapshot(5_000, 500, 20), { tempFolder, signal: controller.signal });
    while ((await readdir(tempFolder, { recursive: true })).length < 2)
      await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('the task was cancelled'));
    await assert.rejects(written, /the task was cancelled/);
    assert.deepEqual(await readdir(tempFolder), []);
    await assert.rejects(
      write(t, small, { tempFolder, signal: controller.signal }),
      /the task was cancelled/,
    );
    assert.deepEqual(await readdir(tempFolder), []);
  });
});
