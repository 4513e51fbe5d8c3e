import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { bundle } from '../../scripts/build.ts';

const COMMANDS = ['operator', 'connector', 'sync', 'capabilities', 'config', 'health-check', 'migrate'];

/** What the operator loads at start: measured 2.8 MB; with all of client-node bundled again it would be 5.3 MB. */
const LARGEST_OPERATOR_BYTES = 3.5 * 1024 * 1024;

describe('the bundle', () => {
  let directory: string;
  let inputs: string[];
  let outputs: Awaited<ReturnType<typeof bundle>>['metafile']['outputs'];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    const { metafile } = await bundle(directory);
    inputs = Object.keys(metafile.inputs);
    outputs = metafile.outputs;
  });
  after(() => rm(directory, { recursive: true }));

  function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return promisify(execFile)(process.execPath, [join(directory, 'asana-connector.mjs'), ...args]);
  }

  /** Returns the output files that importing a module loads, its own first; files of dynamic imports are excluded. */
  function loadedBy(entryPoint: string): string[] {
    const own = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === entryPoint);
    const loaded = new Set(own === undefined ? [] : [own]);
    for (const path of loaded) {
      for (const { path: imported, kind, external } of outputs[path]?.imports ?? [])
        if (kind === 'import-statement' && !external) loaded.add(imported);
    }
    return [...loaded];
  }

  function modulesOf(files: readonly string[]): string[] {
    return files.flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
  }

  test('runs without node_modules and without a warning', async () => {
    const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'));
    const { stdout, stderr } = await run('--version');
    assert.equal(stdout.trim(), version, 'the version of package.json is compiled in');
    assert.equal(stderr, '', 'no deprecation, no experimental feature');
  });

  test('has every sub-command', async () => {
    for (const command of COMMANDS) {
      assert.match((await run(command, '--help')).stdout, new RegExp(`Usage: asana-connector ${command}`));
    }
  });

  test('leaves out unused dependencies of @dot-i/k8s-operator', async () => {
    assert.deepEqual(
      inputs.filter((path) => /node_modules\/(gaxios|node-fetch|whatwg-url|punycode)\//.test(path)),
      [],
    );
  });

  test('makes the operator load less than 3.5 MiB, without gRPC and an HTTP framework', () => {
    const loaded = loadedBy('src/commands/operator/run-operator.ts');
    const bytes = loaded.reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
    assert.ok(bytes > 1024 * 1024 && bytes < LARGEST_OPERATOR_BYTES, `${bytes} bytes`);
    assert.deepEqual(
      modulesOf(loaded).filter((path) => /node_modules\/(@connectrpc|@bufbuild|fastify|yaml)\//.test(path)),
      [],
    );
  });

  test('contains the OpenTelemetry libraries in files that only traces load', () => {
    const isTraceLibrary = (path: string) => /node_modules\/@opentelemetry\/(?!api\/)/.test(path);
    const traces = 'src/telemetry/traces.ts';
    assert.ok(modulesOf(loadedBy(traces)).some(isTraceLibrary), 'traces do not load them');
    // All entry points of ours, imported at start or later.
    const ours = Object.values(outputs)
      .flatMap(({ entryPoint }) => entryPoint ?? [])
      .filter((path) => path.startsWith('src/') && path !== traces);
    assert.ok(ours.includes('src/commands/operator/run-operator.ts'));
    for (const entryPoint of ours)
      assert.deepEqual(modulesOf(loadedBy(entryPoint)).filter(isTraceLibrary), [], entryPoint);
  });

  test('contains no sandbox, test or script', async () => {
    assert.deepEqual(
      inputs.filter((path) =>
        /^(test|scripts|src\/sandbox|src\/commands\/sandbox|node_modules\/fastify)\//.test(path),
      ),
      [],
    );
    assert.doesNotMatch((await run('--help')).stdout, /sandbox/, 'the help offers no sandbox');
  });
});
