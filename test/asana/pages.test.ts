import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { AsanaError } from '../../src/asana/errors.ts';
import { readPages, readScimPages } from '../../src/asana/pages.ts';
import type { Page } from '../../src/asana/rest-records.ts';
import type { ScimPage } from '../../src/asana/scim-records.ts';

const expired = () => new AsanaError('OffsetExpired', 'expired', { surface: 'rest' });

async function readAll(fetchPage: (offset: string | null, call: number) => Page<string>) {
  const items: string[] = [];
  let calls = 0;
  const ended = readPages(async (offset) => fetchPage(offset, (calls += 1)), {
    operation: 'users.list',
    idOf: (item: string) => item,
    onItems: (fresh) => items.push(...fresh),
  });
  const error: unknown = await ended.then(
    () => null,
    (failure: unknown) => failure,
  );
  return { items, calls, error };
}

suite('REST listings', () => {
  test('pages are read until next_page is null, whatever their length', async () => {
    const { items, calls } = await readAll((offset) => {
      if (offset === null) return { items: ['a', 'b'], next: '1' };
      return offset === '1' ? { items: [], next: '2' } : { items: ['c'], next: null };
    });
    assert.deepEqual(items, ['a', 'b', 'c']);
    assert.equal(calls, 3, 'an empty page in the middle ends nothing');
  });

  test('overlapping pages give each item once', async () => {
    const { items } = await readAll((offset) =>
      offset === null ? { items: ['a', 'b', 'b'], next: '1' } : { items: ['b', 'c'], next: null },
    );
    assert.deepEqual(items, ['a', 'b', 'c']);
  });

  test('an offset that comes back ends the listing as truncated', async () => {
    const { items, calls, error } = await readAll((_, call) => ({ items: [`item ${call}`], next: 'same' }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 2);
    assert.deepEqual(items, ['item 1', 'item 2'], 'what came is not thrown away');
  });

  test('endless new offsets without new items end the listing after twenty pages', async () => {
    const { calls, error } = await readAll((_, call) => ({ items: ['a'], next: String(call) }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 21);
  });

  test('endless new items end the listing too', async () => {
    const { calls, error } = await readAll((_, call) => ({ items: [String(call)], next: String(call) }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 5000);
  });

  test('pages of a thousand items that never end are cut off at half a million items', async () => {
    const page = (call: number) => Array.from({ length: 1000 }, (_, index) => `${call}-${index}`);
    const { calls, items, error } = await readAll((_, call) => ({ items: page(call), next: String(call) }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 501);
    assert.equal(items.length, 500_000);
  });

  test('an expired offset starts the listing again, once, without handing items over twice', async () => {
    let expiries = 0;
    const { items, error, calls } = await readAll((offset) => {
      const position = Number(offset ?? 0);
      if (position === 30 && expiries === 0) {
        expiries += 1;
        throw expired();
      }
      return { items: [`item ${position}`], next: position === 39 ? null : String(position + 1) };
    });
    assert.equal(error, null);
    assert.equal(items.length, 40);
    assert.equal(new Set(items).size, 40);
    assert.equal(calls, 31 + 40, 'thirty pages that bring nothing new are not a server that never ends');
  });

  test('an offset that expires a second time is given up', async () => {
    const { items, error } = await readAll((offset) => {
      if (offset !== null) throw expired();
      return { items: ['a'], next: '1' };
    });
    assert.ok(error instanceof AsanaError && error.code === 'OffsetExpired');
    assert.deepEqual(items, ['a']);
  });
});

interface ScimWorld {
  readonly people: number;
  /** The largest page that the server returns. */
  readonly largest: number;
  readonly honoursStart?: boolean;
  readonly claims?: number;
}

function scimServer({ people, largest, honoursStart = true, claims = people }: ScimWorld) {
  const everybody = Array.from({ length: people }, (_, index) => `user ${index}`);
  return (startIndex: number, count: number): ScimPage<string> => {
    const from = honoursStart ? startIndex - 1 : 0;
    return { items: everybody.slice(from, from + Math.min(count, largest)), totalResults: claims };
  };
}

async function readScim(fetchPage: (startIndex: number, count: number) => ScimPage<string>) {
  const items: string[] = [];
  let calls = 0;
  let flying = 0;
  let most = 0;
  const ended = readScimPages(
    async (startIndex, count) => {
      calls += 1;
      flying += 1;
      most = Math.max(most, flying);
      await new Promise((resolve) => setImmediate(resolve));
      flying -= 1;
      return fetchPage(startIndex, count);
    },
    { operation: 'users.list', idOf: (item: string) => item, onItems: (fresh) => items.push(...fresh) },
  );
  const error: unknown = await ended.then(
    () => null,
    (failure: unknown) => failure,
  );
  assert.equal(flying, 0, 'nothing is under way when it has ended');
  return { items, calls, most, error };
}

suite('SCIM listings', () => {
  test('a server that honours count is read in ⌈n/100⌉ requests, after two in parallel', async () => {
    const { items, calls, most, error } = await readScim(scimServer({ people: 1950, largest: 100 }));
    assert.equal(error, null);
    assert.equal(items.length, 1950);
    assert.equal(calls, 20);
    assert.ok(most > 8, `${most} in flight`);
  });

  test('a server that gives everybody at once is asked once', async () => {
    const everybody = Array.from({ length: 700 }, (_, index) => `user ${index}`);
    const { items, calls, error } = await readScim(() => ({ items: everybody, totalResults: 700 }));
    assert.deepEqual([items.length, calls, error], [700, 1, null]);
  });

  test('a server that gives fewer than asked for is read to the end', async () => {
    const { items, calls, error } = await readScim(scimServer({ people: 130, largest: 50 }));
    assert.deepEqual([items.length, calls, error], [130, 3, null]);
  });

  test('a server that ignores startIndex is not asked for ever, and the listing is truncated', async () => {
    const { items, calls, error } = await readScim(
      scimServer({ people: 1000, largest: 100, honoursStart: false }),
    );
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.deepEqual([items.length, calls], [100, 2]);
  });

  test('fewer users than totalResults is a truncated listing', async () => {
    const { items, error } = await readScim(scimServer({ people: 250, largest: 100, claims: 251 }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.match(error.message, /announces 251 entries and returned 250/);
    assert.equal(items.length, 250);
  });

  test('a total no organization has is not believed', async () => {
    const { calls, error } = await readScim(scimServer({ people: 1, largest: 1, claims: 2 ** 50 }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 1);
  });

  test('a server that turns to pages of one is given up after a bounded number of requests', async () => {
    const { calls, error } = await readScim((startIndex, count) => ({
      items: Array.from({ length: startIndex === 1 ? count : 1 }, (_, index) => `user ${startIndex + index}`),
      totalResults: 400_000,
    }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.ok(calls <= 5100, `${calls} requests`);
  });

  test('a page that fails keeps what the others brought', async () => {
    const server = scimServer({ people: 1000, largest: 100 });
    const { items, error } = await readScim((startIndex, count) => {
      if (startIndex === 501) throw new AsanaError('AsanaUnavailable', 'down', { surface: 'scim' });
      return server(startIndex, count);
    });
    assert.ok(error instanceof AsanaError && error.code === 'AsanaUnavailable');
    assert.equal(items.length, 900);
  });

  test('an empty organization is a whole listing', async () => {
    assert.deepEqual((await readScim(scimServer({ people: 0, largest: 100 }))).error, null);
  });

  test('whatever the size of the organization and of its pages, everybody comes once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(900), fc.integer({ min: 7, max: 200 }), async (people, largest) => {
        const { items, error } = await readScim(scimServer({ people, largest }));
        assert.equal(error, null);
        assert.equal(new Set(items).size, people);
        assert.equal(items.length, people);
      }),
      { numRuns: 60 },
    );
  });
});
