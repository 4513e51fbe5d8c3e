import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { testNamesIn } from './test-names.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const page = await readFile(join(DOCS, 'seed-checklist.md'), 'utf8');

/** A test that a row names, with its file. */
interface NamedTest {
  readonly name: string;
  readonly file: string;
}

function testsIn(text: string): NamedTest[] {
  return [...text.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, name = '', file = '']) => ({
    name,
    file,
  }));
}

suite('docs/seed-checklist.md', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| the '));

  test('has a test for every statement', () => {
    assert.ok(rows.length > 25);
    const without = rows.filter((row) => testsIn(row).length === 0);
    assert.deepEqual(without, []);
  });

  test('names only tests that exist', async () => {
    const missing: string[] = [];
    for (const { name, file } of testsIn(page))
      if (!(await testNamesIn(file)).has(name)) missing.push(`${file}: ${name}`);
    assert.deepEqual([...new Set(missing)], []);
  });
});
