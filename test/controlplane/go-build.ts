import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BinarySource, KUBERNETES_VERSION, type Program, type Report } from './binary-source.ts';
import { withLock } from './cache.ts';

/** Silence during a two-minute compilation looks like a hang: say every so often that it goes on. */
const PROGRESS_INTERVAL_MS = 20_000;

/** The last lines of a failed build that are shown. */
const SHOWN_ERROR_CHARACTERS = 4_000;

/**
 * Builds the programs with Go from their released modules (`kubernetes/` and `etcd/` beside this file hold the
 * two-line mains and the checksums) and leaves them in `directory`. About three minutes on two cores, once.
 */
export function goSource(directory: string, report: Report): BinarySource {
  return {
    name: 'Go',
    async find(missing) {
      const version = await run('go', ['version'], import.meta.dirname).catch(() => {
        throw new Error('not installed');
      });
      report(`control plane: building ${missing.join(', ')} with ${version.trim()} into ${directory} (once)`);
      await mkdir(directory, { recursive: true });
      const found = new Map<Program, string>();
      for (const program of missing) {
        found.set(program, await buildOnce(program, directory, report));
      }
      return found;
    },
  };
}

async function buildOnce(program: Program, directory: string, report: Report): Promise<string> {
  const target = join(directory, program);
  const build = async () => {
    // Another process may have built it while this one waited for the lock.
    if (existsSync(target)) return;
    const staging = await mkdtemp(join(directory, `.${program}-`));
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    const progress = setInterval(
      () => report(`control plane: still building ${program} (${seconds()} s)`),
      PROGRESS_INTERVAL_MS,
    );
    try {
      const { module, packagePath, ldflags } = recipe(program);
      const output = join(staging, program);
      await run(
        'go',
        ['build', '-trimpath', '-ldflags', ldflags, '-o', output, packagePath],
        join(import.meta.dirname, module),
      );
      // A rename within one directory is atomic: nobody ever sees half a program.
      await rename(output, target);
      report(`control plane: built ${program} in ${seconds()} s`);
    } finally {
      clearInterval(progress);
      await rm(staging, { recursive: true, force: true });
    }
  };
  await withLock(`${target}.lock`, build, () =>
    report(`control plane: another process is building ${program}; waiting for it`),
  );
  return target;
}

function recipe(program: Program): { module: string; packagePath: string; ldflags: string } {
  if (program === 'etcd') return { module: 'etcd', packagePath: '.', ldflags: '-s -w' };
  // Without these the server calls itself v0.0.0-master and Helm's kubeVersion checks refuse it.
  const [major, minor] = KUBERNETES_VERSION.split('.');
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
    `-X ${path}.gitVersion=v${KUBERNETES_VERSION}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
  ]);
  return { module: 'kubernetes', packagePath: `./${program}`, ldflags: ['-s -w', ...stamps].join(' ') };
}

/** Runs a program to its end and gives what it printed; rejects with the end of its error output. */
function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-SHOWN_ERROR_CHARACTERS);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(`${program} ${args[0]} failed (${signal ?? `exit code ${code}`}): ${errors.trim()}`),
        );
    });
  });
}
