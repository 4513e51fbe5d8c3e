import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Any, AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { RawIdSchema } from '../../src/conductorone/generated/c1/connector/v2/annotation_pb.ts';
import { EntitlementSchema } from '../../src/conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import {
  ResourceSchema,
  ResourceTypeSchema,
} from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';
import { UserTraitSchema } from '../../src/conductorone/generated/c1/connector/v2/trait_pb.ts';
import { sandboxFor } from './asking.ts';
import { refusalOf, registeredClient } from './tenant-client.ts';
import { changed, fileOf, takeSync, uploadOf } from './uploading.ts';

type Change = (db: DatabaseSync) => void;

const sql =
  (text: string): Change =>
  (db) =>
    db.exec(text);

/** Returns a change of the message in one row. */
function edit<Desc extends DescMessage>(
  table: string,
  id: string,
  schema: Desc,
  change: (message: MessageShape<Desc>) => unknown,
): Change {
  return (db) => {
    const row = db.prepare(`select data from ${table} where external_id = ?`).get(id);
    assert.ok(row?.['data'] instanceof Uint8Array, `${id} is not in ${table}`);
    const message = fromBinary(schema, row['data']);
    change(message);
    db.prepare(`update ${table} set data = ? where external_id = ?`).run(toBinary(schema, message), id);
  };
}

const user = (change: (annotations: Any[]) => unknown): Change =>
  edit('v1_resources', 'user:905', ResourceSchema, ({ annotations }) => change(annotations));
const trait = (change: (trait: MessageShape<typeof UserTraitSchema>) => unknown): Change =>
  user((annotations) => {
    const at = annotations.findIndex(({ typeUrl }) => typeUrl.endsWith('.UserTrait'));
    const value = fromBinary(UserTraitSchema, annotations[at]?.value ?? new Uint8Array());
    change(value);
    annotations[at] = anyPack(UserTraitSchema, value);
  });
const entitlement = (change: (message: MessageShape<typeof EntitlementSchema>) => unknown): Change =>
  edit('v1_entitlements', 'team:501:Admin', EntitlementSchema, change);
const GRANT = 'team:501:Admin:user:905';
const grant = (change: (message: MessageShape<typeof GrantSchema>) => unknown): Change =>
  edit('v1_grants', GRANT, GrantSchema, change);

/** Invalid files: the problem, the change that causes it, and the expected refusal. */
const faults: readonly (readonly [because: string, change: Change, says: string])[] = [
  ['a user_version that is not 0', sql('pragma user_version = 3'), 'database: user_version must be 0'],
  ['a table is missing', sql('drop table v1_assets'), 'table v1_assets: is missing'],
  ['an extra table', sql('create table v1_more (id integer)'), 'table v1_more: is none of a c1z'],
  [
    'an extra column',
    sql('alter table v1_assets add column more text'),
    'table v1_assets: has a column too many, "more text"',
  ],
  [
    'a renamed column',
    sql('alter table v1_grants rename column entitlement_id to entitlement'),
    'table v1_grants: column 4 must be "entitlement_id text not null"',
  ],
  [
    'a column without its default',
    sql(`drop index idx_grants_sync_needs_expansion_v1; alter table v1_grants drop column needs_expansion`),
    'table v1_grants: column 9 must be "needs_expansion integer not null default 0"',
  ],
  [
    'an index is missing',
    sql('drop index idx_grants_principal_id_v1'),
    'index idx_grants_principal_id_v1: is missing',
  ],
  ['an extra index', sql('create index idx_more on v1_grants (id)'), 'index idx_more: is none of a c1z'],
  [
    'an index that is not unique',
    sql(
      `drop index idx_grants_external_sync_v1;
       create index idx_grants_external_sync_v1 on v1_grants (external_id, sync_id)`,
    ),
    'index idx_grants_external_sync_v1: must be on unique v1_grants (external_id, sync_id), is on v1_grants',
  ],
  [
    'the two swapped index names of resources corrected',
    sql(
      `drop index idx_resources_external_sync_v1; drop index idx_resources_parent_resource_id_v1;
       create unique index idx_resources_external_sync_v1 on v1_resources (external_id, sync_id);
       create index idx_resources_parent_resource_id_v1 on v1_resources (parent_resource_type_id, parent_resource_id)`,
    ),
    'index idx_resources_external_sync_v1: must be on v1_resources (parent_resource_type_id, parent_resource_id)',
  ],
  [
    'a partial index without its condition',
    sql(
      'drop index idx_grants_sync_expansion_v1; create index idx_grants_sync_expansion_v1 on v1_grants (sync_id)',
    ),
    'index idx_grants_sync_expansion_v1: must be on v1_grants (sync_id) where expansion is not null',
  ],
  ['no sync', sql('delete from v1_sync_runs'), 'v1_sync_runs: must hold one sync, holds 0'],
  [
    'two syncs',
    sql(
      `insert into v1_sync_runs (sync_id, started_at, sync_token)
       select substr(sync_id, 2) || 'x', started_at, '' from v1_sync_runs`,
    ),
    'v1_sync_runs: must hold one sync, holds 2',
  ],
  ['an unfinished sync', sql('update v1_sync_runs set ended_at = null'), 'v1_sync_runs.ended_at: is missing'],
  [
    'an id that is not a KSUID',
    sql("update v1_sync_runs set sync_id = 'one'"),
    'v1_sync_runs.sync_id: must be a KSUID',
  ],
  [
    'times with a time zone',
    sql("update v1_sync_runs set started_at = started_at || '+00:00'"),
    'v1_sync_runs.started_at: must look like',
  ],
  [
    'an end before the start',
    sql("update v1_sync_runs set started_at = '2100-01-01 00:00:00.000000000'"),
    'v1_sync_runs.ended_at: must not be before started_at',
  ],
  [
    'a sync that ended 13 hours ago',
    sql(
      `update v1_sync_runs set started_at = datetime('now', '-13 hours'), ended_at = datetime('now', '-13 hours')`,
    ),
    'v1_sync_runs.ended_at: must be about now, in UTC or the time of a zone',
  ],
  [
    'grants that are not backfilled',
    sql('update v1_sync_runs set grants_backfilled = 0'),
    'v1_sync_runs.grants_backfilled',
  ],
  [
    'a sync with a parent',
    sql("update v1_sync_runs set parent_sync_id = 'x'"),
    'v1_sync_runs.parent_sync_id',
  ],
  [
    'rows of another sync',
    sql("update v1_grants set sync_id = 'other' where id = 1"),
    'v1_grants.sync_id: must be that of the sync in every row',
  ],
  [
    'rows discovered before the sync',
    sql("update v1_resources set discovered_at = '2020-01-01 00:00:00.000000000' where id = 1"),
    'v1_resources.discovered_at: must be between',
  ],
  [
    'a blob that is not a message',
    sql("update v1_resources set data = x'ff' where external_id = 'user:905'"),
    'v1_resources user:905: its data cannot be read as a c1.connector.v2.Resource',
  ],
  [
    'text instead of a blob',
    sql("update v1_resources set data = 'text' where external_id = 'user:905'"),
    'v1_resources user:905: has no data',
  ],
  [
    'a row with another external_id',
    sql("update v1_resources set external_id = 'user:1' where external_id = 'user:905'"),
    'v1_resources user:1: external_id: must be what the data says',
  ],
  [
    'a parent column that differs from the data',
    sql("update v1_resources set parent_resource_id = '1' where external_id = 'user:905'"),
    'v1_resources user:905: parent_resource_id: must be what the data says',
  ],
  [
    'a type without a name',
    edit('v1_resource_types', 'user', ResourceTypeSchema, (type) => (type.displayName = '')),
    'v1_resource_types user: display_name: must have 1 to 1024 bytes',
  ],
  [
    'resources of a missing type',
    sql("delete from v1_resource_types where external_id = 'team'"),
    'v1_resources team:501: id.resource_type: must be a resource type of the file',
  ],
  [
    'a missing parent',
    sql(
      "delete from v1_grants where resource_type_id = 'workspace'; delete from v1_entitlements where resource_type_id = 'workspace'; delete from v1_resources where external_id = 'workspace:1200'",
    ),
    'v1_resources: the parent workspace:1200 is not there',
  ],
  [
    'a user without its trait',
    user((annotations) => annotations.splice(0, annotations.length)),
    'v1_resources user:905: resource.annotations: must hold one UserTrait',
  ],
  [
    'a user without its RawId',
    user((annotations) => annotations.splice(1, 1)),
    'v1_resources user:905: annotations: must hold the RawId 905',
  ],
  [
    'a user with the RawId of another',
    user((annotations) => annotations.splice(1, 1, anyPack(RawIdSchema, create(RawIdSchema, { id: '906' })))),
    'v1_resources user:905: annotations: must hold the RawId 905',
  ],
  [
    'a reserved annotation',
    user((annotations) =>
      annotations.push(create(AnySchema, { typeUrl: 'type.googleapis.com/c1.connector.v2.BatonID' })),
    ),
    'v1_resources user:905: resource.annotations[2].type_url: must be an annotation',
  ],
  [
    'an unknown annotation',
    user((annotations) =>
      annotations.push(create(AnySchema, { typeUrl: 'type.googleapis.com/c1.connector.v2.Sticker' })),
    ),
    'v1_resources user:905: resource.annotations[2].type_url: must be an annotation',
  ],
  [
    'an expansion annotation left in the grant',
    grant(({ annotations }) =>
      annotations.push(create(AnySchema, { typeUrl: 'type.googleapis.com/c1.connector.v2.GrantExpandable' })),
    ),
    `v1_grants ${GRANT}: annotations[1].type_url: must be an annotation`,
  ],
  [
    'an annotation that cannot be read',
    user((annotations) =>
      annotations.push(
        create(AnySchema, {
          typeUrl: 'type.googleapis.com/c1.connector.v2.GroupTrait',
          value: Uint8Array.of(0xff),
        }),
      ),
    ),
    'v1_resources user:905: resource.annotations[2].value: cannot be read',
  ],
  [
    'an empty email',
    trait(({ emails }) => emails.forEach((email) => (email.address = ''))),
    'v1_resources user:905: resource.annotations.UserTrait.emails[0].address: must be an email address',
  ],
  [
    'two primary emails',
    trait(({ emails }) => emails.push(...emails)),
    'v1_resources user:905: resource.annotations.UserTrait.emails: must not have two primary ones',
  ],
  [
    'an entitlement id that is not the resource and the slug',
    entitlement((message) => (message.slug = 'Guest')),
    'v1_entitlements team:501:Admin: id: must be the resource and the slug',
  ],
  [
    'an unknown role of a team',
    (db) => {
      entitlement((message) => Object.assign(message, { id: 'team:501:Boss', slug: 'Boss' }))(db);
      db.exec(
        "update v1_entitlements set external_id = 'team:501:Boss' where external_id = 'team:501:Admin'",
      );
    },
    'v1_entitlements team:501:Boss: id: a team has no role "Boss"',
  ],
  [
    'a license entitlement with a prefixed id',
    (db) => {
      edit(
        'v1_entitlements',
        'enterprise',
        EntitlementSchema,
        (message) => (message.id = 'license:enterprise'),
      )(db);
      db.exec(
        "update v1_entitlements set external_id = 'license:enterprise' where external_id = 'enterprise'",
      );
    },
    'v1_entitlements license:enterprise: id: of a license must be the id of the license',
  ],
  [
    'an entitlement that is grantable to nobody',
    entitlement((message) => (message.grantableTo = [])),
    'v1_entitlements team:501:Admin: grantable_to: must name the type of users',
  ],
  [
    'an entitlement without a resource',
    entitlement((message) => delete message.resource),
    'v1_entitlements team:501:Admin: resource.id: is required',
  ],
  [
    'an entitlement of a missing resource',
    sql("delete from v1_resources where external_id = 'team:501'"),
    'v1_entitlements team:501:Team Member: resource: must be a resource of the file',
  ],
  [
    'a grant id that begins with the principal, as the Go connector returns it',
    (db) => {
      grant((message) => (message.id = 'user:905:Admin:user:905'))(db);
      db.exec(`update v1_grants set external_id = 'user:905:Admin:user:905' where external_id = '${GRANT}'`);
    },
    'v1_grants user:905:Admin:user:905: id: must be the entitlement and the principal',
  ],
  [
    'a grant of a missing entitlement',
    sql("delete from v1_entitlements where external_id = 'team:501:Admin'"),
    `v1_grants ${GRANT}: entitlement: team:501:Admin is not there`,
  ],
  [
    'a grant to a missing user',
    sql("delete from v1_resources where external_id = 'user:905'"),
    'v1_grants enterprise:905: principal: user:905 is not there',
  ],
  [
    'a grant without the resource of its entitlement',
    grant(({ entitlement: granted }) => delete granted?.resource),
    `v1_grants ${GRANT}: entitlement.resource.id: is required`,
  ],
  [
    'a grant without a principal',
    grant((message) => delete message.principal),
    `v1_grants ${GRANT}: principal.id: is required`,
  ],
  [
    'a grant that still needs expansion',
    sql(`update v1_grants set needs_expansion = 1 where external_id = '${GRANT}'`),
    `v1_grants ${GRANT}: needs_expansion: must be what the data says`,
  ],
];

/** Packs a foreign database as a c1z. */
function packed(pragma: string): Buffer {
  const db = new DatabaseSync(':memory:');
  db.exec(`${pragma}; create table v1_grants (id integer)`);
  const bytes = db.serialize();
  db.close();
  return Buffer.concat([Buffer.from('C1ZF\0', 'latin1'), zstdCompressSync(bytes)]);
}

/** Returns the file in write-ahead mode (sqlite.org/fileformat.html, offsets 18 and 19), with an empty log. */
function inWalMode(file: Buffer): Buffer {
  const bytes = zstdDecompressSync(file.subarray(5));
  bytes.writeUInt8(2, 18);
  bytes.writeUInt8(2, 19);
  return Buffer.concat([file.subarray(0, 5), zstdCompressSync(bytes)]);
}

/** Moves every time in a file to another time zone, and omits trailing zeros. */
function inZone(hours: number): Change {
  const moved = (column: string) => `rtrim(rtrim(
    strftime('%Y-%m-%d %H:%M:%S', ${column}, '${hours} hours') || substr(${column}, 20), '0'), '.')`;
  return (db) => {
    db.exec(`update v1_sync_runs set started_at = ${moved('started_at')}, ended_at = ${moved('ended_at')}`);
    for (const table of ['resource_types', 'resources', 'entitlements', 'grants'])
      db.exec(`update v1_${table} set discovered_at = ${moved('discovered_at')}`);
  };
}

suite('an uploaded c1z file', () => {
  test('is refused for invalid content, and the refusal names the place', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = await takeSync(sandbox, client);
    const good = await fileOf();
    for (const [because, change, says] of faults) {
      const refusal = await refusalOf(client.uploadAsset(uploadOf(task.id, changed(good, change))));
      assert.ok(
        refusal.startsWith(`InvalidArgument the file is refused: ${says}`),
        `${because}: expected ${says}, got ${refusal}`,
      );
    }
    const { uploads } = sandbox.conductorOne;
    assert.equal(uploads.current, null);
    assert.deepEqual(new Set(uploads.list().map(({ state }) => state)), new Set(['refused']));
    assert.equal(uploads.list().length, faults.length);
  });

  test('is refused for an invalid envelope, zstd frame or database', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = await takeSync(sandbox, client);
    const good = await fileOf();
    const magic = good.subarray(0, 5);
    const cases: readonly (readonly [Buffer, string])[] = [
      [Buffer.from('C1Z3\0rest'), 'envelope: is of version 3 (Pebble)'],
      [Buffer.from('SQLite'), 'envelope: must begin with C1ZF'],
      [Buffer.from('C1'), 'envelope: must begin with C1ZF'],
      [
        Buffer.concat([magic, Buffer.from('no zstd at all')]),
        'envelope: what follows must be whole zstd frames',
      ],
      [good.subarray(0, -20), 'envelope: what follows must be whole zstd frames'],
      [Buffer.concat([magic, zstdCompressSync(Buffer.from('no database'))]), 'database: '],
      [magic, 'envelope: '],
      [packed('pragma page_size = 8192'), 'database: page_size must be 4096'],
      [packed("pragma encoding = 'UTF-16'"), 'database: encoding must be UTF-8'],
    ];
    for (const [bytes, says] of cases) {
      const refusal = await refusalOf(client.uploadAsset(uploadOf(task.id, Buffer.from(bytes))));
      assert.ok(
        refusal.startsWith(`InvalidArgument the file is refused: ${says}`),
        `expected ${says}, got ${refusal}`,
      );
    }
  });

  test('is accepted as Go connectors write it: local times without trailing zeros, in write-ahead mode', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    for (const hours of [-12, -5, 0, 9, 14]) {
      const task = await takeSync(sandbox, client);
      const file = inWalMode(changed(await fileOf(), inZone(hours)));
      assert.equal(
        await refusalOf(client.uploadAsset(uploadOf(task.id, file))),
        'no refusal',
        `${hours} hours`,
      );
      await client.finishTask({
        hostId: 'host-1',
        taskId: task.id,
        finalState: { case: 'success', value: {} },
      });
    }
    assert.equal(sandbox.conductorOne.uploads.current?.grants({}).length, 6);
  });

  test('is accepted in several zstd frames', async () => {
    const sandbox = await sandboxFor();
    const client = await registeredClient(sandbox);
    const task = await takeSync(sandbox, client);
    const good = await fileOf();
    let frames = Buffer.alloc(0);
    changed(good, (db) => {
      const bytes = Buffer.from(db.serialize());
      const half = Math.floor(bytes.length / 2);
      frames = Buffer.concat([
        good.subarray(0, 5),
        zstdCompressSync(bytes.subarray(0, half)),
        zstdCompressSync(bytes.subarray(half)),
      ]);
    });
    assert.equal(await refusalOf(client.uploadAsset(uploadOf(task.id, frames))), 'no refusal');
  });
});
