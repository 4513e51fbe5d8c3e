import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mutants } from './mutants/all.ts';
import { findMutant } from './mutation.ts';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');
/** Faults that nearly every world reveals. */
const OBVIOUS = [
  'no-delay-before-removals',
  'no-finalizer-before-the-first-action',
  'the-budget-ignores-retry-after',
];

for (const { name, edits, why } of mutants)
  test(`the fault ${name} can still be put back`, async () => {
    assert.notEqual(why, '');
    for (const { file, find, replace } of edits) {
      const source = await readFile(join(SOURCE, file), 'utf8');
      assert.equal(source.split(find).length, 2, `its text must occur in src/${file} exactly once`);
      assert.notEqual(find, replace);
    }
  });

test('no two faults have the same name', () => {
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
});

for (const obvious of OBVIOUS)
  test(`the fault ${obvious} is found`, async () => {
    const mutant = mutants.find(({ name }) => name === obvious);
    assert.ok(mutant, 'no fault has this name');
    const { found } = await findMutant(mutant, { from: 1, seeds: 40, steps: 60, workers: 1 });
    assert.notEqual(found, null);
  });
