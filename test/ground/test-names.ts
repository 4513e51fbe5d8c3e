import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * The names of the tests in a file; what a table of cases fills in is an ellipsis.
 * @param file its path below the root of the repository
 */
export async function testNamesIn(file: string): Promise<ReadonlySet<string>> {
  const source = await readFile(join(ROOT, file), 'utf8');
  const calls = source.matchAll(/\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g);
  return new Set([...calls].map(([, , name = '']) => name.replace(/\$\{.*?\}(?=[^}]|$)/g, '…')));
}
