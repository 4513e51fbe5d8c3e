import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deserialize, serialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WordPool } from '../../src/kubernetes/word-pool.ts';

interface Grant {
  readonly spec: { readonly license: string; readonly email: string };
  readonly status: { readonly conditions: { type: string; at: string }[]; readonly email: string };
}

const grant = (index: number): Grant => ({
  spec: { license: 'Enterprise', email: `p${index}@acme.com` },
  status: {
    conditions: [
      { type: 'Ready', at: `2026-01-01T00:00:00.${index}Z` },
      { type: 'Synced', at: `2026-01-01T00:00:00.${index}Z` },
    ],
    email: `p${index}@acme.com`,
  },
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Makes grants as the API server delivers them: every value is a separate string. */
const grants = (count: number): Grant[] => Array.from({ length: count }, (_, index) => grant(index));

suite('a word pool', () => {
  test('leaves the content of shared objects unchanged', () => {
    const pool = new WordPool();
    const many = grants(300);
    for (const one of many) pool.share(one);
    assert.deepEqual(many, grants(300));
  });

  test('leaves numbers, nulls, booleans and empty values as they are', () => {
    const odd = { a: 1, b: null, c: true, d: [], e: {}, f: '', g: [[['x']]] };
    new WordPool().share(odd);
    assert.deepEqual(odd, { a: 1, b: null, c: true, d: [], e: {}, f: '', g: [[['x']]] });
  });

  test('reduces the memory of 2,000 objects with common strings by more than a fifth', () => {
    const load = (pool: WordPool | null): number => {
      collect();
      const before = process.memoryUsage().heapUsed;
      const kept = Array.from({ length: 2_000 }, (_, index) => {
        const parsed = deserialize(serialize(grant(index))) as Grant;
        pool?.share(parsed);
        return parsed;
      });
      collect();
      const used = process.memoryUsage().heapUsed - before;
      assert.equal(kept.length, 2_000);
      return used;
    };
    load(null);
    const apart = load(null);
    const shared = load(new WordPool());
    assert.ok(shared < apart * 0.8, `${shared} of ${apart} bytes`);
  });

  test('does not keep growing with made-up field names', () => {
    const pool = new WordPool();
    const madeUp = (from: number) =>
      Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label-${from + index}`, 'x']));
    const load = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    pool.share(madeUp(0));
    const before = load();
    for (let update = 1; update <= 65; update += 1) pool.share(madeUp(update * 10_000));
    assert.ok(load() - before < 2_000_000, `${load() - before} bytes`);
  });
});
