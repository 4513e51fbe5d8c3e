import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { settingsList } from '../../src/commands/baton-settings/settings-table.ts';
import { migrateCommand } from '../../src/commands/migrate/migrate-command.ts';
import { clientSecret } from './credentials.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/migrating-from-baton-asana.md'), 'utf8');

const code = (text: string) => `\`${text}\``;

/** Where a setting is in the operator, as the page writes it. */
function whereInOperator(operator: string | null): string {
  if (operator === null) return '–';
  return operator.startsWith('spec.') ? code(operator) : operator.replace(/--[\w-]+/, code('$&'));
}

describe('docs/migrating-from-baton-asana.md', () => {
  it('has a row for every setting, in the order of the table, and no other', () => {
    const rows = page.split('\n').filter((line) => /^\| (`-\w`, )?`--[\w-]+` \| `/.test(line));
    assert.deepEqual(
      rows,
      settingsList.map(([, { flag, short, variables, operator }]) => {
        const flags = [...(short === undefined ? [] : [code(`-${short}`)]), code(`--${flag}`)].join(', ');
        return `| ${flags} | ${variables.map(code).join(', ')} | ${whereInOperator(operator)} |`;
      }),
    );
  });

  it('shows what `migrate` prints of the Secret it shows', async () => {
    const [, secret = ''] = /```yaml\n(stringData:\n[^`]*)```/.exec(page) ?? [];
    const { stringData } = parse(secret) as { stringData: Record<string, string> };
    assert.deepEqual(
      Object.values(stringData).filter((value) => typeof value !== 'string'),
      [],
      'every boolean is in quotes',
    );
    const filled = { ...stringData, BATON_TOKEN: 'abc', BATON_CLIENT_SECRET: clientSecret('abc') };
    const metadata = { name: 'baton-asana-secrets', namespace: 'iga' };
    let printed = '';
    const output = { write: (text: string) => (printed += text) };
    const input = Readable.from([JSON.stringify({ kind: 'Secret', metadata, stringData: filled })]);
    await migrateCommand({ input, output, errors: output }).parseAsync(['-f', '-', '--name', 'acme'], {
      from: 'user',
    });
    const [, shown] = /\$ cat acme\.yaml\n([^`]*)```/.exec(page) ?? [];
    assert.equal(printed, shown);
  });
});
