import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Returns the names of the tests in a file; placeholders of a template become an ellipsis.
 * @param file the path relative to the repository root
 */
export async function testNamesIn(file: string): Promise<ReadonlySet<string>> {
  const source = await readFile(join(ROOT, file), 'utf8');
  const calls = source.matchAll(/\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g);
  return new Set([...calls].map(([, , name = '']) => name.replace(/\$\{.*?\}(?=[^}]|$)/g, '…')));
}
