import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';

const COMMANDS = join(import.meta.dirname, '../../src/commands');
const files = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);

suite('the source files of the commands', () => {
  test('have names that no other file or folder of src/commands has', () => {
    const names = [
      ...files.map((path) => basename(path, '.ts')),
      ...readdirSync(COMMANDS, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name),
    ];
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('declare each sub-command in the file that is named after it', () => {
    const declared = files.flatMap((path) => {
      const text = readFileSync(join(COMMANDS, path), 'utf8');
      return [...text.matchAll(/new Command\('([^']+)'\)/g)].map(([, name]) => ({ name, path }));
    });
    assert.ok(declared.length >= 8, `only ${declared.length} sub-commands were found`);
    for (const { name, path } of declared) assert.equal(basename(path), `${name}-command.ts`);
  });
});
