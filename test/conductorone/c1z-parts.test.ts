import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { suite, type TestContext, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import * as fc from 'fast-check';
import { accountFacts, accountResource, principalOf } from '../../src/conductorone/account-resource.ts';
import { AccountEncoder } from '../../src/conductorone/c1z/account-bytes.ts';
import { ByteTable } from '../../src/conductorone/c1z/byte-table.ts';
import { SyncDatabase } from '../../src/conductorone/c1z/database.ts';
import { piecesOf } from '../../src/conductorone/c1z/feed.ts';
import { FieldWriter } from '../../src/conductorone/c1z/field-writer.ts';
import { oldSyncs } from '../../src/conductorone/c1z/finished-syncs.ts';
import {
  type DirectoryPiece,
  flagBitsOf,
  flagsOf,
  packMember,
  placeOf,
} from '../../src/conductorone/c1z/job.ts';
import { ksuid, ksuidSeconds } from '../../src/conductorone/c1z/ksuid.ts';
import { packDatabase } from '../../src/conductorone/c1z/packer.ts';
import { insertBatch, RowCollector } from '../../src/conductorone/c1z/row-batch.ts';
import { everything } from '../../src/conductorone/c1z/selection.ts';
import { sortSliced } from '../../src/conductorone/c1z/sliced-sort.ts';
import { formatSqlTime } from '../../src/conductorone/c1z/sql-time.ts';
import { SyncWriter } from '../../src/conductorone/c1z/sync-writer.ts';
import { TeamEncoder } from '../../src/conductorone/c1z/team-bytes.ts';
import { teamOffer } from '../../src/conductorone/entitlements.ts';
import { EntitlementSchema } from '../../src/conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import { ResourceSchema } from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';
import { teamRoles } from '../../src/conductorone/ids.ts';
import { describeDirectory } from '../../src/conductorone/model.ts';
import { databaseIn } from './c1z-file.ts';
import { account, acme, largeSnapshot, member, snapshotOf, team } from './directories.ts';

suite('a KSUID', () => {
  test('matches the published example for its time and payload', () => {
    // The example from the README of github.com/segmentio/ksuid.
    const payload = Buffer.from('B5A1CD34B5F99D1154FB6853345C9735', 'hex');
    assert.equal(ksuid((1_400_000_000 + 107_608_047) * 1000, payload), '0ujtsYcgvSTl8PAuAdqWYSMnLOv');
  });

  test('has 27 characters and sorts by its time', () => {
    const random = new Uint8Array(16);
    const ids = [1_400_000_000_000, 1_800_000_000_000, 1_800_000_001_000].map((at) => ksuid(at, random));
    assert.equal(ids[0], '0'.repeat(27));
    assert.ok(ids.every((id) => id.length === 27));
    assert.deepEqual(ids.toSorted(), ids);
  });

  test('contains its time in seconds, and other text contains none', () => {
    assert.equal(ksuidSeconds('0ujtsYcgvSTl8PAuAdqWYSMnLOv'), 1_507_608_047);
    for (const none of ['', 'old', '0ujtsYcgvSTl8PAuAdqWYSMnLO-', '0ujtsYcgvSTl8PAuAdqWYSMnLOv0'])
      assert.equal(ksuidSeconds(none), null, none);
  });
});

test('a SQL time is in UTC with nine fractional digits', () => {
  assert.equal(formatSqlTime(Date.UTC(2026, 0, 2, 3, 4, 5, 60)), '2026-01-02 03:04:05.060000000');
});

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ minLength: 2000, maxLength: 5000 }),
  fc.constant('a lone \ud800 surrogate'),
  fc.constant(''),
);
const gids = fc.oneof(fc.stringMatching(/^\d{1,20}$/), fc.stringMatching(/^[a-zé]{100,200}$/));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('accounts encoded field by field equal the output of the protobuf encoder, whatever they contain', () => {
  const encoder = new AccountEncoder();
  const attribute = fc.constantFrom('givenName', 'familyName', 'employeeNumber', 'title', 'costCenter', 'x');
  const accounts = fc.record({
    gid: gids,
    name: words,
    email: fc.oneof(fc.emailAddress(), words, fc.constant(null)),
    scim: fc.option(
      fc.record({
        id: gids,
        userName: words,
        active: fc.boolean(),
        userType: fc.option(words),
        attributes: fc.dictionary(attribute, words),
      }),
    ),
    memberships: fc.array(
      fc.record({
        gid: fc.constant('m'),
        workspace: fc.constantFrom('1200', '99'),
        active: fc.boolean(),
        role: fc.constant('Member' as const),
        viewOnly: fc.constant(null),
      }),
      { maxLength: 2 },
    ),
    license: fc.constant(null),
  });
  const organizations = fc.constantFrom('1200', null);
  fc.assert(
    fc.property(accounts, organizations, fc.boolean(), (one, organization, isService) => {
      const context = { organization, serviceAccount: isService ? one.gid : null };
      const facts = accountFacts(one, context);
      assert.equal(
        hex(encoder.resource(facts)),
        hex(toBinary(ResourceSchema, accountResource(one, context))),
      );
      const principal = principalOf(one, organization);
      assert.equal(
        hex(encoder.principal(facts)),
        hex(toBinary(GrantSchema, create(GrantSchema, { principal }))),
      );
    }),
    { numRuns: 300 },
  );
});

test('teams encoded field by field equal the output of the protobuf encoder', () => {
  const teams = new TeamEncoder();
  fc.assert(
    fc.property(words, gids, (name, gid) => {
      const head = { gid, name, organization: acme.gid };
      const { resource, entitlements } = teamOffer(head);
      teams.take(head);
      assert.equal(hex(teams.resource()), hex(toBinary(ResourceSchema, resource)));
      for (const role of teamRoles) {
        const expected = entitlements[role];
        const { id, data } = teams.entitlement(role);
        assert.deepEqual([id, hex(data)], [expected.id, hex(toBinary(EntitlementSchema, expected))]);
      }
    }),
    { numRuns: 60 },
  );
});

test('grants assembled in the database equal the output of the protobuf encoder, whatever the names', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'c1z-grants-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'db');
  const settings = { licenses: true, serviceAccount: true };
  const people = fc.uniqueArray(fc.record({ gid: gids, name: words }), {
    selector: ({ gid }) => gid,
    minLength: 1,
    maxLength: 5,
  });
  const flags = fc.record({ admin: fc.boolean(), guest: fc.boolean(), limitedAccess: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(people, words, gids, flags, async (holders, teamName, teamGid, roles) => {
      const snapshot = snapshotOf(
        holders.map(({ gid, name }) => account(gid, { name })),
        [
          team(
            teamGid,
            holders.map(({ gid }, index) => member(gid, index === 0 ? roles : {})),
            teamName,
          ),
        ],
      );
      const collector = new RowCollector();
      const writer = new SyncWriter(collector, { settings, selection: everything, head: snapshot });
      const stamp = { id: 'sync', startedAt: '' };
      const database = new SyncDatabase(path, folder, stamp);
      for await (const piece of piecesOf(snapshot)) {
        writer.write(piece);
        insertBatch(database, collector.take().batch);
      }
      database.finish('full', '');
      const written = new DatabaseSync(path);
      const rows = written.prepare('select external_id, data from v1_grants').all();
      written.close();
      await rm(path);
      const expected = [...describeDirectory(snapshot, settings)].flatMap((one) =>
        one.kind === 'grant'
          ? [`${one.grant.id.toWellFormed()} ${hex(toBinary(GrantSchema, one.grant))}`]
          : [],
      );
      assert.deepEqual(
        rows.map((row) => `${String(row['external_id'])} ${hex(row['data'] as Uint8Array)}`).toSorted(),
        expected.toSorted(),
      );
    }),
    { numRuns: 60 },
  );
});

test('the finished syncs to remove from a file are those that the Go SDK removes', () => {
  for (const { syncs, old, because } of [
    { syncs: 'f1 f2', old: '', because: 'no more full syncs than are kept' },
    { syncs: 'f1 f2 f3', old: 'f1', because: 'one full sync too many' },
    { syncs: 'x1 f2 f3', old: 'x1', because: 'a sync of unknown type counts as full' },
    { syncs: 'p1 r2 p3', old: '', because: 'without full syncs, nothing is removed' },
    { syncs: 'p1 f2 f3', old: '', because: 'no full sync is removed' },
    {
      syncs: 'p1 f2 p3 r4 f5 f6',
      old: 'f2 p1',
      because: 'partial syncs newer than the removed full sync are kept',
    },
    { syncs: 'u1 d2', old: '', because: 'one pair of differences' },
    { syncs: 'u1 d2 u3-d4 d4-u3', old: 'u1 d2', because: 'a newer pair replaces the first' },
    { syncs: 'u1 d2 u3', old: 'u1 d2', because: 'half a pair also replaces the first' },
  ]) {
    const types: Readonly<Record<string, string>> = {
      f: 'full',
      x: 'another',
      p: 'partial',
      r: 'resources_only',
      u: 'partial_upserts',
      d: 'partial_deletions',
    };
    const finished = syncs
      .split(' ')
      .map((sync) => {
        const [id = '', linked = ''] = sync.split('-');
        return { id, type: types[id.charAt(0)] ?? '', linked };
      })
      .toReversed();
    const expected = old.split(' ').filter((id) => id !== '');
    assert.deepEqual(oldSyncs(finished, 2).toSorted(), expected.toSorted(), because);
  }
});

test('a field is preceded by its length, however many bytes the length needs', () => {
  const writer = new FieldWriter();
  for (const length of [0, 1, 47, 48, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    for (const text of ['a'.repeat(length), 'é'.repeat(length)]) {
      const expected = new BinaryWriter().tag(3, WireType.LengthDelimited).string(text);
      expected.tag(4, WireType.Varint).bool(true);
      const written = writer.clear().text(3, text).number(4, 1).written();
      assert.ok(Buffer.from(written).equals(expected.finish()), `${length} times ${text.at(0)}`);
    }
  }
});

suite('packing a database', () => {
  /** Packs a database of so many bytes; returns the reported size, the file, and the database unpacked from it. */
  async function packed(t: TestContext, bytes: number) {
    const folder = await mkdtemp(join(tmpdir(), 'c1z-packer-test-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const database = Buffer.alloc(bytes, 'rows ');
    for (let at = 0; at + 4 <= bytes; at += 4096) database.writeUInt32LE((at * 7919) % 2 ** 32, at);
    const [path, target] = [join(folder, 'db'), join(folder, 'c1z')];
    await writeFile(path, database);
    const size = await packDatabase(path, target);
    return { database, size, file: await readFile(target), unpacked: await databaseIn(target), path, folder };
  }

  for (const [bytes, why] of [
    [4096, 'less than a frame'],
    [4 * 2 ** 20, 'one whole frame'],
    [41 * 2 ** 20 + 4096, 'more frames than are packed at once and a partial one'],
  ] as const)
    test(`keeps every byte of ${why}, in order`, async (t) => {
      const { database, size, file, unpacked } = await packed(t, bytes);
      assert.ok(unpacked.equals(database));
      assert.equal(size, file.length);
    });

  test('produces the same bytes each time', async (t) => {
    const first = await packed(t, 41 * 2 ** 20);
    assert.ok((await packed(t, 41 * 2 ** 20)).file.equals(first.file));
  });

  test('fails if the file exists, and does not change it', async (t) => {
    const { path, folder } = await packed(t, 9 * 2 ** 20);
    const taken = join(folder, 'taken');
    await writeFile(taken, 'of somebody');
    await assert.rejects(packDatabase(path, taken), { code: 'EEXIST' });
    assert.equal(await readFile(taken, 'utf8'), 'of somebody');
  });
});

test('a byte table returns the items that were added, even after it has grown', () => {
  const table = new ByteTable();
  const items = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(index % 1500, index));
  for (const item of items) table.push(item);
  for (const [index, item] of items.entries())
    assert.ok(Buffer.from(table.get(index)).equals(item), `item ${index}`);
});

test('a membership can be packed into a number and unpacked, for up to half a billion accounts', () => {
  for (const place of [0, 1, 99_999, 2 ** 29 - 1]) {
    for (let bits = 0; bits < 8; bits += 1) {
      const packed = packMember(place, flagsOf(bits));
      assert.deepEqual([placeOf(packed), flagBitsOf(packed)], [place, bits]);
      assert.ok(packed >= 0 && packed < 2 ** 32);
    }
  }
});

test('sorting in slices gives the same order as sorting at once, and pauses between slices', async () => {
  for (const size of [0, 1, 8191, 8192, 8193, 50_000]) {
    const keys = Array.from({ length: size }, (_, index) => String((index * 7919) % 65_537));
    let pauses = 0;
    const sorted = await sortSliced(keys, async () => {
      pauses += 1;
    });
    assert.deepEqual(sorted, keys.toSorted(), `${size} keys`);
    assert.ok(pauses >= Math.floor(size / 8192), `${pauses} pauses for ${size} keys`);
  }
});

suite('the pieces of a directory', () => {
  test('contain accounts in the order of their gids, then memberships with the index of their account', async () => {
    const snapshot = snapshotOf(
      [account('30'), account('20'), account('10')],
      [
        team('52', [member('30', { admin: true }), member('404')]),
        team('51', []),
        team('50', [member('10'), member('20')]),
      ],
    );
    const pieces: DirectoryPiece[] = [];
    for await (const piece of piecesOf(snapshot)) pieces.push(piece);
    const [accounts, teams, ...others] = pieces;
    assert.equal(others.length, 0);
    assert.ok(accounts?.kind === 'accounts' && teams?.kind === 'teams');
    assert.deepEqual(
      accounts.accounts.map(({ gid }) => gid),
      ['10', '20', '30'],
    );
    assert.deepEqual(
      teams.parts.map(({ team: head, members, unknown, last }) => [head.gid, members, unknown, last]),
      [
        ['50', 2, 0, true],
        ['51', 0, 0, true],
        ['52', 1, 1, true],
      ],
    );
    assert.deepEqual(
      [...teams.members].map((packed) => [placeOf(packed), flagsOf(flagBitsOf(packed)).admin]),
      [
        [0, false],
        [1, false],
        [2, true],
      ],
    );
  });

  test('are small even for a large directory, and contain all of it', async () => {
    let accounts = 0;
    let members = 0;
    let teams = 0;
    for await (const piece of piecesOf(largeSnapshot(2500, 1200, 40))) {
      if (piece.kind === 'accounts') {
        assert.ok(piece.accounts.length <= 1000);
        accounts += piece.accounts.length;
      } else {
        assert.ok(piece.members.length <= 16_384 && piece.parts.length <= 501);
        assert.equal(
          piece.parts.reduce((sum, part) => sum + part.members, 0),
          piece.members.length,
        );
        members += piece.members.length;
        teams += piece.parts.filter(({ last }) => last).length;
      }
    }
    assert.deepEqual([accounts, teams, members], [2500, 1200, 48_000]);
  });
});
