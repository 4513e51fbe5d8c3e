import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { bundle } from '../../scripts/build.ts';

/** 2.8 MB were measured; 5.3 MB is what comes when all of client-node is dragged in again. */
const LARGEST_ENTRY_BYTES = 3.5 * 1024 * 1024;

describe('the bundle', () => {
  let directory: string;
  let inputs: string[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    const { metafile } = await bundle(directory);
    inputs = Object.keys(metafile.inputs);
  });
  after(() => rm(directory, { recursive: true }));

  function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)(process.execPath, [join(directory, 'asana-connector.mjs'), ...args]);
  }

  test('runs without node_modules and warns of nothing', async () => {
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'));
    const { stdout, stderr } = await run('--version');
    assert.equal(stdout.trim(), version, 'the version of package.json is compiled in');
    assert.equal(stderr, '', 'no deprecation, no experimental feature');
  });

  test('has every sub-command', async () => {
    for (const command of ['operator', 'sandbox']) {
      assert.match((await run(command, '--help')).stdout, new RegExp(`Usage: asana-connector ${command}`));
    }
  });

  test('leaves out what @dot-i/k8s-operator would drag in', async () => {
    assert.deepEqual(
      inputs.filter((path) => /node_modules\/(gaxios|node-fetch|whatwg-url|punycode)\//.test(path)),
      [],
    );
    const { size } = await stat(join(directory, 'asana-connector.mjs'));
    assert.ok(size < LARGEST_ENTRY_BYTES, `${size} bytes`);
  });

  test('holds no test and no script', () => {
    assert.deepEqual(
      inputs.filter((path) => /^(test|scripts)\//.test(path)),
      [],
    );
  });
});
