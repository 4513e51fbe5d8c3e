import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

/** A fake npm: records its calls, and installs a "node" that is the one running this test. */
const FAKE_NPM = `#!/bin/sh
echo "$@" >> "$PWD/npm-calls"
echo "npm output"
[ -e "$PWD/npm-fails" ] && exit 7
mkdir -p node_modules/node/bin
[ -e "$PWD/npm-without-scripts" ] || ln -sf ${process.execPath} node_modules/node/bin/node
rm -f node_modules/.installed-from
sleep 0.2
`;

const SCRIPT = `
if (process.argv[2] === 'wait') {
  process.on('SIGTERM', () => { console.log('stopping'); process.exit(3); });
  setInterval(() => {}, 1000);
  console.log('waiting');
} else if (process.argv[2] === 'die') {
  process.kill(process.pid, 'SIGKILL');
} else {
  console.log(JSON.stringify({ args: process.argv.slice(2), options: process.env.NODE_OPTIONS ?? null }));
  process.exitCode = 5;
}
`;

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe('scripts/run.mjs', () => {
  let root: string;

  before(() => {
    assert.notEqual(process.platform, 'win32', 'the stand-in for npm is a shell script');
  });
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'run-'));
    await mkdir(join(root, 'scripts'));
    await mkdir(join(root, 'bin'));
    await copyFile(join(import.meta.dirname, '../../scripts/run.mjs'), join(root, 'scripts/run.mjs'));
    await writeFile(join(root, 'package-lock.json'), '{ "version": 1 }');
    await writeFile(join(root, 'script.mjs'), SCRIPT);
    await writeFile(join(root, 'bin/npm'), FAKE_NPM);
    await chmod(join(root, 'bin/npm'), 0o755);
  });
  const directories: string[] = [];
  after(async () => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });

  function start(...args: string[]): ChildProcess {
    directories.push(root);
    const { npm_execpath: _, ...environment } = process.env;
    return spawn(process.execPath, ['scripts/run.mjs', 'script.mjs', ...args], {
      cwd: root,
      env: {
        ...environment,
        NODE_OPTIONS: '--no-warnings',
        PATH: [join(root, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
      },
    });
  }

  async function run(...args: string[]): Promise<Ended> {
    const child = start(...args);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  async function npmCalls(): Promise<string[]> {
    const text = await readFile(join(root, 'npm-calls'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  }

  test('installs on a fresh clone, passes arguments and exit code on, and keeps stdout for the script', async () => {
    const ended = await run('--flag', 'two words');
    assert.equal(ended.code, 5, ended.stderr);
    assert.deepEqual(JSON.parse(ended.stdout), { args: ['--flag', 'two words'], options: null });
    assert.match(ended.stderr, /npm output/);
    assert.deepEqual(await npmCalls(), ['ci --no-fund --no-audit']);
  });

  test('installs again when the lock file changes, and only then', async () => {
    await run();
    await run();
    assert.equal((await npmCalls()).length, 1, 'nothing changed');
    await writeFile(join(root, 'package-lock.json'), '{ "version": 2 }');
    await run();
    assert.equal((await npmCalls()).length, 2, 'the lock file changed');
  });

  test('installs once if two processes start at the same time', async () => {
    const ended = await Promise.all([run(), run()]);
    assert.deepEqual(
      ended.map(({ code }) => code),
      [5, 5],
    );
    assert.equal((await npmCalls()).length, 1);
  });

  test('takes over the lock of an installation that was killed', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await writeFile(join(root, '.installing'), String(dead.pid));
    assert.equal((await run()).code, 5);
  });

  test('exits with 1 when npm fails, and reports its exit code and where to find the cause', async () => {
    await writeFile(join(root, 'npm-fails'), '');
    const ended = await run();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /npm output\nnpm ci failed \(exit code 7\); see its output above\./);
  });

  test('exits with 1 and names ignore-scripts when npm runs no install scripts', async () => {
    await writeFile(join(root, 'npm-without-scripts'), '');
    const ended = await run();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /ignore-scripts=false/);
  });

  test('passes on a signal, and exits with the code of the script', async () => {
    const child = start('wait');
    for await (const chunk of child.stdout ?? []) {
      if (String(chunk).includes('waiting')) break;
    }
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 3);
  });

  test('exits with 128 plus the number of the signal that killed the script, like a shell', async () => {
    assert.equal((await run('die')).code, 128 + 9);
  });
});
