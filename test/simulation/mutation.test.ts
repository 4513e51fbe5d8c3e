import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mutants } from './mutants.ts';

const SOURCE = join(import.meta.dirname, '..', '..', 'src');

for (const { name, file, find, replace, why } of mutants)
  test(`the fault ${name} can still be put back`, async () => {
    const source = await readFile(join(SOURCE, file), 'utf8');
    assert.equal(source.split(find).length, 2, `its text must stand in src/${file} exactly once`);
    assert.notEqual(find, replace);
    assert.notEqual(why, '');
  });
