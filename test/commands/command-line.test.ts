import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Bundle, Child, Folder, FROM_SOURCE } from './child.ts';

/** Every command, as written after the program's name. */
const COMMANDS = [
  '',
  'operator',
  'release',
  'plan',
  'export',
  'review',
  'connector',
  'sync',
  'capabilities',
  'config',
  'health-check',
  'migrate',
  'sandbox',
  'completion',
  'kubectl-asana',
  'kubectl-asana completion',
];
const PLUGIN_COMMANDS = ['status', 'why', 'hold', 'doctor', 'acknowledge', 'discard', 'sync', 'extend'];

describe('the command line', () => {
  let program: Bundle;
  let folder: Folder;
  before(async () => {
    program = await Bundle.make();
    folder = await Folder.make(program.main);
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
    await program[Symbol.asyncDispose]();
  });

  // The bundle does not contain the sandbox.
  const run = (...words: string[]) =>
    words[0] === 'sandbox'
      ? new Child({ path: folder.path, temp: folder.temp, main: FROM_SOURCE }, {}, words).end()
      : folder.run({}, ...words);
  const wordsOf = (command: string) => command.split(' ').filter((word) => word !== '');

  const all = [...COMMANDS, ...PLUGIN_COMMANDS.map((name) => `kubectl-asana ${name}`)];
  for (const command of all) {
    it(`prints help with examples for ${command || 'no command'}`, async () => {
      const { code, stdout, stderr } = await run(...wordsOf(command), '--help');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /\nExamples:\n {2}# [A-Z]/);
      assert.equal(stderr, '');
    });
  }

  for (const command of all) {
    it(`describes every flag and argument in a sentence: ${command || 'no command'}`, async () => {
      const { stdout } = await run(...wordsOf(command), '--help');
      const entries = stdout
        .replaceAll(/\n {14,}/g, ' ')
        .split('\n')
        .filter((line) => /^ {2}(-\w|--\w|\w+ {2}.*\.)/.test(line));
      assert.ok(entries.length > 0);
      for (const line of entries)
        assert.match(line, /^ {2}\S.*? {2,}[A-Z][^]*\.( \((env|choices|default)[^]*\))?$/, line);
    });
  }

  it('groups the flags of the operator and of the connector under headings', async () => {
    const { stdout: operator } = await run('operator', '--help');
    for (const heading of [
      'Scope',
      'Leader election',
      'Endpoints',
      'Asana',
      'ConductorOne',
      'Logging',
      'Options',
    ])
      assert.match(operator, new RegExp(`^${heading}:$`, 'm'));
    const { stdout: connector } = await run('connector', '--help');
    for (const heading of ['Asana', 'ConductorOne', 'Files', 'Logging', 'Health endpoints', 'Options'])
      assert.match(connector, new RegExp(`^${heading}:$`, 'm'));
    assert.doesNotMatch(connector, /--ticketing/, 'flags without effect are not in the help');
  });

  for (const { words, says } of [
    { words: ['plna', '-f', 'x'], says: 'plan' },
    { words: ['kubectl-asana', 'stauts'], says: 'status' },
    { words: ['--tokn=canary'], says: '--token' },
    { words: ['--log-lvl', 'canary'], says: '--log-level' },
    { words: ['connector', '--provisionin'], says: '--provisioning' },
    { words: ['sync', '--fiel', 'x'], says: '--file' },
    { words: ['capabilities', '--use-scm-api'], says: '--use-scim-api' },
    { words: ['health-check', '--endpint', 'live'], says: '--endpoint' },
    { words: ['operator', '--namspace=canary'], says: '--namespace' },
    { words: ['release', '--al'], says: '--all' },
    { words: ['plan', '--conector', 'x'], says: '--connector' },
    { words: ['export', '--unmanged'], says: '--unmanaged' },
    { words: ['review', '--formt=csv'], says: '--format' },
    { words: ['migrate', '--fille', 'x'], says: '--file' },
    { words: ['sandbox', '--acounts', '3'], says: '--accounts' },
    { words: ['kubectl-asana', 'why', '--contxt=x'], says: '--context' },
  ]) {
    it(`suggests the intended word for ${words.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(...words);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.ok(stderr.includes(`(Did you mean ${says}?)`), stderr);
    });
  }

  for (const words of [
    ['2/1200/canary:canary'],
    ['--x=canary'],
    ['-t2/1200/canary:canary'],
    ['--provisioning', '2/1200/canary:canary'],
    ['--file', 'x', '2/1200/canary:canary'],
    ['sync', '--x=canary'],
  ]) {
    it(`does not repeat an argument that may be a token: ${words.join(' ').replaceAll('canary', 'secret')}`, async () => {
      // Child itself fails if the output contains the canary.
      const { code, stderr } = await run(...words);
      assert.ok(code !== 0 && stderr !== '');
    });
  }

  it('takes the next argument as the value of a flag, even if it looks like a flag', async () => {
    const { stderr } = await run('--invoke-action-args', '--tokn', '--workers', '-1');
    assert.match(stderr, /^InvalidInput: --token \(BATON_TOKEN\): is missing/m);
  });

  for (const words of [['-v'], ['--version'], ['kubectl-asana', 'help'], ['help', 'plan']]) {
    it(`prints a version or a usage for ${words.join(' ')}`, async () => {
      const { code, stdout, stderr } = await run(...words);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^(\d+\.\d+\.\d+\n|Usage: )/);
    });
  }

  describe('under the name kubectl-asana', () => {
    const plugin = (...words: string[]) =>
      new Child(
        { path: folder.path, temp: folder.temp, main: join(folder.path, 'kubectl-asana') },
        {},
        words,
      ).end();
    before(() => symlink(program.main, join(folder.path, 'kubectl-asana')));

    it('suggests the nearest command and flag', async () => {
      assert.match((await plugin('stauts')).stderr, /\(Did you mean status\?\)/);
      assert.match((await plugin('sync', '--wiat')).stderr, /\(Did you mean --wait\?\)/);
    });

    it('shows its version, and its help with examples', async () => {
      assert.match((await plugin('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
      assert.match((await plugin('--help')).stdout, /^Usage: kubectl-asana[^]*\nExamples:\n/);
    });
  });

  for (const { output, opened, code, says } of [
    { output: 'a pipe without a reader', opened: '3> >(true); wait "$!"', code: 141, says: '' },
    {
      output: 'on a full disk',
      opened: '3> /dev/full',
      code: 1,
      says: 'standard output: ENOSPC: no space left on device, write\n',
    },
  ])
    it(`ends with ${code} and no stack if standard output is ${output}`, () => {
      const script = `exec ${opened}; exec "$0" "$1" --help >&3`;
      const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath, program.main], {
        encoding: 'utf8',
      });
      assert.deepEqual({ status, stderr }, { status: code, stderr: says });
    });

  describe('complete-words', () => {
    const complete = async (...words: string[]) =>
      (await run('complete-words', '--', ...words)).stdout.split('\n').filter((word) => word !== '');

    it('completes commands, sub-commands, arguments and flags', async () => {
      assert.deepEqual(await complete('pl'), ['plan']);
      assert.deepEqual(await complete('kubectl-asana', 'ac'), ['acknowledge']);
      assert.deepEqual(await complete('completion', ''), ['bash', 'fish', 'powershell', 'zsh']);
      assert.deepEqual(await complete('connector', '--health-'), [
        '--health-check',
        '--health-check-bind-address',
        '--health-check-port',
      ]);
    });

    it('does not complete hidden commands and flags', async () => {
      assert.deepEqual(await complete('complete'), []);
      assert.deepEqual(await complete('connector', '--tick'), []);
    });
  });
});
