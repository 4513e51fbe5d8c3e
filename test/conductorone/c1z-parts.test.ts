import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { principalOf } from '../../src/conductorone/account-resource.ts';
import { ByteTable } from '../../src/conductorone/c1z/byte-table.ts';
import { piecesOf } from '../../src/conductorone/c1z/feed.ts';
import { GrantEncoder, patternOf, principalBytes } from '../../src/conductorone/c1z/grant-bytes.ts';
import {
  type DirectoryPiece,
  flagBitsOf,
  flagsOf,
  packMember,
  placeOf,
} from '../../src/conductorone/c1z/job.ts';
import { ksuid } from '../../src/conductorone/c1z/ksuid.ts';
import { sortSliced } from '../../src/conductorone/c1z/sliced-sort.ts';
import { formatSqlTime } from '../../src/conductorone/c1z/sql-time.ts';
import { licenseOffer, teamOffer } from '../../src/conductorone/entitlements.ts';
import { GrantSchema } from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import { grantOf } from '../../src/conductorone/grants.ts';
import { account, acme, largeSnapshot, member, snapshotOf, team } from './directories.ts';

suite('a KSUID', () => {
  test('is the published one for the published time and payload', () => {
    // The example in the README of github.com/segmentio/ksuid.
    const payload = Buffer.from('B5A1CD34B5F99D1154FB6853345C9735', 'hex');
    assert.equal(ksuid((1_400_000_000 + 107_608_047) * 1000, payload), '0ujtsYcgvSTl8PAuAdqWYSMnLOv');
  });

  test('has 27 characters and sorts by its second', () => {
    const random = new Uint8Array(16);
    const ids = [1_400_000_000_000, 1_800_000_000_000, 1_800_000_001_000].map((at) => ksuid(at, random));
    assert.equal(ids[0], '0'.repeat(27));
    assert.ok(ids.every((id) => id.length === 27));
    assert.deepEqual(ids.toSorted(), ids);
  });
});

test('a time has nine digits in UTC and sorts as text', () => {
  assert.equal(formatSqlTime(Date.UTC(2026, 0, 2, 3, 4, 5, 60)), '2026-01-02 03:04:05.060000000');
});

test('grants put together from parts have the bytes of the protobuf encoder, whatever the names', () => {
  const encoder = new GrantEncoder();
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ minLength: 2000, maxLength: 5000 }),
  );
  const gids = fc.oneof(fc.stringMatching(/^\d{1,20}$/), fc.stringMatching(/^[a-zé]{100,200}$/));
  fc.assert(
    fc.property(words, gids, words, gids, (teamName, teamGid, name, gid) => {
      const offers = [
        ...Object.values(teamOffer({ gid: teamGid, name: teamName, organization: acme.gid }).entitlements),
        licenseOffer('ViewOnly').entitlements.holder,
      ];
      const principal = principalOf(account(gid, { name }), acme.gid);
      for (const entitlement of offers) {
        const pattern = patternOf(entitlement);
        const bytes = encoder.encode(pattern, principalBytes(principal), pattern.idPrefix + gid);
        assert.deepEqual(
          Buffer.from(bytes),
          Buffer.from(toBinary(GrantSchema, grantOf(entitlement, principal))),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('a byte table gives back what was put in, across its growth', () => {
  const table = new ByteTable();
  const items = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(index % 1500, index));
  for (const item of items) table.push(item);
  for (const [index, item] of items.entries())
    assert.ok(Buffer.from(table.get(index)).equals(item), `item ${index}`);
});

test('a membership survives being packed into a number, up to half a billion accounts', () => {
  for (const place of [0, 1, 99_999, 2 ** 29 - 1]) {
    for (let bits = 0; bits < 8; bits += 1) {
      const packed = packMember(place, flagsOf(bits));
      assert.deepEqual([placeOf(packed), flagBitsOf(packed)], [place, bits]);
      assert.ok(packed >= 0 && packed < 2 ** 32);
    }
  }
});

test('sorting in slices gives what sorting at once gives, and pauses on the way', async () => {
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
  test('bring accounts in the order of their gids, then every membership under the place of its account', async () => {
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

  test('are each small, however large the directory, and lose nothing', async () => {
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
