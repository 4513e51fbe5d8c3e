import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { acceptedSettings } from '../../src/commands/baton-settings/accepted-settings.ts';
import { settingsList, settingsTable } from '../../src/commands/baton-settings/settings-table.ts';
import { migrateCommand } from '../../src/commands/migrate/migrate-command.ts';
import { TaskSchema } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { refusals } from '../../src/provisioning/refusal.ts';
import { testNamesIn } from '../ground/test-names.ts';
import { clientSecret } from './credentials.ts';
import { shownBy } from './migration-rows.ts';
import { endingOf } from './task-ending.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/migrating-from-baton-asana.md'), 'utf8');

const code = (text: string) => `\`${text}\``;

/** Tasks whose row describes what they do instead of an error. */
const WITHOUT_ENDING: ReadonlySet<string> = new Set(['none', 'hello', 'sync_full']);
/** Tasks that are carried out if provisioning is on: their result depends on the request. */
const PROVISIONED: ReadonlySet<string> = new Set(['grant', 'revoke', 'create_account']);

/** Flags of commands that have no settings. */
const OTHER_FLAGS = ['--version', '--endpoint', '--timeout', '--name', '--help', '--health-bind-address'];

/** Returns where the operator has a setting, as the page writes it. */
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

  it('describes every setting without effect in the words of the log', () => {
    const [, table = ''] = /### Settings without effect\n[^]*?\|---\|---\|\n([^]*?)\n\n/.exec(page) ?? [];
    assert.deepEqual(
      table.split('\n'),
      [...Map.groupBy(acceptedSettings, ({ effect }) => effect)].map(([effect, rows]) => {
        const names = rows.map(({ flag, variable }) => code(flag === null ? variable : `--${flag}`));
        return `| ${names.join(', ')} | ${effect} |`;
      }),
    );
  });

  it('describes how every kind of task ends, with and without provisioning', async () => {
    const [, table = ''] = /### Tasks\n[^]*?\|---\|---\|---\|\n([^]*?)\n\n/.exec(page) ?? [];
    const endings = new Map(
      table.split('\n').flatMap((row) => {
        const [, tasks = '', ...cells] = row.split('|').map((cell) => cell.trim());
        return [...tasks.matchAll(/`(\w+)`/g)].map(([, task]) => [task, cells] as const);
      }),
    );
    const kinds = TaskSchema.oneofs.flatMap(({ fields }) => fields);
    assert.deepEqual(new Set(endings.keys()), new Set(kinds.map(({ name }) => name)));
    for (const { name, localName } of kinds) {
      if (WITHOUT_ENDING.has(name)) continue;
      const [on = '', off] = endings.get(name) ?? [];
      assert.equal(off, await endingOf(localName, false), name);
      const ending = await endingOf(localName, true);
      if (!PROVISIONED.has(name)) assert.equal(on, ending, name);
      else assert.ok(on.startsWith('carried out') && ending.startsWith('fails for good'), name);
    }
  });

  for (const [heading, rows] of Object.entries(shownBy)) {
    it(`has existing tests for every row under "${heading}"`, async () => {
      const [, section = ''] = page.split(new RegExp(`^#{2,3} ${heading}\n`, 'm'));
      const [, table = ''] = /\n\|---\|[-|]*\n((?:\|.*\n)+)/.exec(section) ?? [];
      const told = table.matchAll(/^\| (.*?) \|/gm).map(([, first = '']) => first);
      assert.deepEqual([...told], Object.keys(rows));
      for (const shown of Object.values(rows)) {
        for (const [file, names] of Object.entries(shown)) {
          const there = await testNamesIn(file);
          for (const name of names) assert.ok(there.has(name), `${file}: ${name}`);
        }
      }
    });
  }

  it('names only flags, variables, refusals and limits that exist', () => {
    const flags = new Set([
      ...settingsList.map(([, { flag }]) => `--${flag}`),
      ...acceptedSettings.map(({ flag }) => `--${flag}`),
      ...OTHER_FLAGS,
    ]);
    for (const [flag] of page.matchAll(/(?<![\w-])--[a-z][\w-]+/g)) assert.ok(flags.has(flag), flag);
    const variables = new Set([
      'BATON_CONFIG_PATH',
      ...settingsList.flatMap(([, setting]) => setting.variables),
      ...acceptedSettings.map(({ variable }) => variable),
    ]);
    for (const [variable] of page.matchAll(/\bBATON_[A-Z0-9_]*[A-Z0-9]\b/g))
      assert.ok(variables.has(variable), variable);
    for (const [, refusal = ''] of page.matchAll(/refused \(`(\w+)`\)/g))
      assert.ok(refusal in refusals, refusal);
    assert.ok(page.includes(`at most five in an hour`) && settingsTable.maxDeprovisions.fallback === 5);
    assert.ok(page.includes(`within ${settingsTable.asanaBudgetPercent.fallback} %`));
    assert.ok(page.includes(`| \`${settingsTable.file.fallback}\` | what a sync without a client ID writes`));
  });

  it('shows the output of `migrate` for the Secret that it shows', async () => {
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
