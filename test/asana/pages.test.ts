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
  test('pages are read until next_page is null, even if a page is empty', async () => {
    const { items, calls } = await readAll((offset) => {
      if (offset === null) return { items: ['a', 'b'], next: '1' };
      return offset === '1' ? { items: [], next: '2' } : { items: ['c'], next: null };
    });
    assert.deepEqual(items, ['a', 'b', 'c']);
    assert.equal(calls, 3, 'an empty page in the middle does not end the listing');
  });

  test('each item of overlapping pages is delivered once', async () => {
    const { items } = await readAll((offset) =>
      offset === null ? { items: ['a', 'b', 'b'], next: '1' } : { items: ['b', 'c'], next: null },
    );
    assert.deepEqual(items, ['a', 'b', 'c']);
  });

  test('a repeated offset ends the listing with ListingTruncated', async () => {
    const { items, calls, error } = await readAll((_, call) => ({ items: [`item ${call}`], next: 'same' }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 2);
    assert.deepEqual(items, ['item 1', 'item 2'], 'items that were received are delivered');
  });

  test('twenty pages without new items end the listing with ListingTruncated', async () => {
    const { calls, error } = await readAll((_, call) => ({ items: ['a'], next: String(call) }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 21);
  });

  test('a listing without end is cut off with ListingTruncated after 5,000 pages', async () => {
    const { calls, error } = await readAll((_, call) => ({ items: [String(call)], next: String(call) }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 5000);
  });

  test('a listing without end is cut off with ListingTruncated at half a million items', async () => {
    const page = (call: number) => Array.from({ length: 1000 }, (_, index) => `${call}-${index}`);
    const { calls, items, error } = await readAll((_, call) => ({ items: page(call), next: String(call) }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 501);
    assert.equal(items.length, 500_000);
  });

  test('an expired offset restarts the listing once, and no item is delivered twice', async () => {
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
    assert.equal(
      calls,
      31 + 40,
      'thirty pages without new items after a restart do not count as a listing without end',
    );
  });

  test('a second expired offset ends the listing with OffsetExpired', async () => {
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
  let flying = 0;
  /** For each request, how many were in flight when it was sent, itself included. */
  const inFlight: number[] = [];
  const ended = readScimPages(
    async (startIndex, count) => {
      flying += 1;
      inFlight.push(flying);
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
  assert.equal(flying, 0, 'no request is in flight after the listing has ended');
  return { items, calls: inFlight.length, inFlight, error };
}

suite('SCIM listings', () => {
  test('a server that honours count is read in ⌈n/100⌉ requests, in parallel after the first two', async () => {
    const { items, calls, inFlight, error } = await readScim(scimServer({ people: 1950, largest: 100 }));
    assert.equal(error, null);
    assert.equal(items.length, 1950);
    assert.equal(calls, 20);
    assert.deepEqual(inFlight.slice(0, 4), [1, 1, 1, 2], 'the first two end before the third is sent');
    assert.ok(Math.max(...inFlight) > 8, `at most ${Math.max(...inFlight)} in flight`);
  });

  test('a server that returns everybody on one page is asked only once', async () => {
    const everybody = Array.from({ length: 700 }, (_, index) => `user ${index}`);
    const { items, calls, error } = await readScim(() => ({ items: everybody, totalResults: 700 }));
    assert.deepEqual([items.length, calls, error], [700, 1, null]);
  });

  test('a server that returns smaller pages than requested is read to the end', async () => {
    const { items, calls, error } = await readScim(scimServer({ people: 130, largest: 50 }));
    assert.deepEqual([items.length, calls, error], [130, 3, null]);
  });

  test('a server that ignores startIndex ends the listing with ListingTruncated after two requests', async () => {
    const { items, calls, error } = await readScim(
      scimServer({ people: 1000, largest: 100, honoursStart: false }),
    );
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.deepEqual([items.length, calls], [100, 2]);
  });

  test('fewer users than totalResults end the listing with ListingTruncated', async () => {
    const { items, error } = await readScim(scimServer({ people: 250, largest: 100, claims: 251 }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.match(error.message, /announces 251 entries and returned 250/);
    assert.equal(items.length, 250);
  });

  test('an absurd totalResults ends the listing with ListingTruncated after one request', async () => {
    const { calls, error } = await readScim(scimServer({ people: 1, largest: 1, claims: 2 ** 50 }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.equal(calls, 1);
  });

  test('a server that switches to pages of one user is given up after at most 5,100 requests', async () => {
    const { calls, error } = await readScim((startIndex, count) => ({
      items: Array.from({ length: startIndex === 1 ? count : 1 }, (_, index) => `user ${startIndex + index}`),
      totalResults: 400_000,
    }));
    assert.ok(error instanceof AsanaError && error.code === 'ListingTruncated');
    assert.ok(calls <= 5100, `${calls} requests`);
  });

  test('a failed page ends the listing with its error after the other pages are delivered', async () => {
    const server = scimServer({ people: 1000, largest: 100 });
    const { items, error } = await readScim((startIndex, count) => {
      if (startIndex === 501) throw new AsanaError('AsanaUnavailable', 'down', { surface: 'scim' });
      return server(startIndex, count);
    });
    assert.ok(error instanceof AsanaError && error.code === 'AsanaUnavailable');
    assert.equal(items.length, 900);
  });

  test('the listing of an empty organization succeeds', async () => {
    assert.deepEqual((await readScim(scimServer({ people: 0, largest: 100 }))).error, null);
  });

  test('everybody is delivered exactly once, whatever the size of the organization and of its pages', async () => {
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
