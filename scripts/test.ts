import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { SHARED_KUBECONFIG, startControlPlane } from '../test/controlplane/control-plane.ts';
import { helmPath, kubectlPath } from '../test/controlplane/tools.ts';
import { LINT, runChecks, TYPES } from './checks.ts';

const ROOT = join(import.meta.dirname, '..');

/** A test that takes longer than this hangs: the slowest one waits for leases and for the deletion of namespaces. */
const TEST_TIMEOUT_MS = 180_000;

/**
 * `npm test`: runs the checks of the source, then every test against one control plane.
 * `npm test -- test/api --test-name-pattern=x`: runs only the tests of those folders or files, without the checks.
 */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const flags = args.filter((arg) => arg.startsWith('-'));
  const paths = args.filter((arg) => !arg.startsWith('-'));
  if (args.length === 0 && (await runChecks([TYPES, ...LINT])) > 0) return 1;

  // Fetched before the first test, so that a first download counts against no test's timeout.
  const [controlPlane] = await Promise.all([
    startControlPlane({ controllerManager: true }),
    kubectlPath(),
    helmPath(),
  ]);
  try {
    return await runTests([...flags, ...testPatterns(paths)], controlPlane.kubeconfigPath);
  } finally {
    await controlPlane.stop();
  }
}

/** Returns the glob patterns of the wanted tests; all tests if none is named. */
function testPatterns(paths: readonly string[]): string[] {
  if (paths.length === 0) return ['test/**/*.test.ts'];
  return paths.map((path) => (statSync(join(ROOT, path)).isDirectory() ? `${path}/**/*.test.ts` : path));
}

/** Runs node:test, which prints its own summary last. */
function runTests(args: readonly string[], kubeconfig: string): Promise<number> {
  const options = [
    '--test',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(import.meta.dirname, 'test-exits.ts')}`,
    '--test-reporter-destination=stderr',
    // One file more than there are processors: tests spend much of their time waiting for a socket.
    `--test-concurrency=${availableParallelism() + 1}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...options, ...args], {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, [SHARED_KUBECONFIG]: kubeconfig },
    });
    // Forwards signals to the tests; the control plane stops after they have ended.
    const forward = (signal: NodeJS.Signals) => child.kill(signal);
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main();
