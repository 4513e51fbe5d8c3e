import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type BinarySource, KUBERNETES_VERSION, type Program, type Report } from './binary-source.ts';
import { withLock } from './cache.ts';

/** The number of progress lines of a build, since minutes without output look like a hang. */
const PROGRESS_STEPS = 12;

/** How much of the error output of a failed build is shown, counted from its end. */
const SHOWN_ERROR_CHARACTERS = 4_000;

/** The Go module with the main packages of all programs, so that shared packages are compiled once. */
const MODULE = join(import.meta.dirname, 'programs');

/** The expected build time, on two idle cores. */
const EXPECTED = 'about four minutes on two cores, less where Go has compiled parts of them before';

/**
 * Builds the programs with Go from their released modules, once, and puts them into `directory`. `programs/` beside
 * this file contains the two-line mains and the checksums.
 */
export function goSource(
  directory: string,
  report: Report,
  environment: NodeJS.ProcessEnv = process.env,
): BinarySource {
  const go = new Go(environment);
  return {
    name: 'Go',
    async find(missing) {
      const version = await go.run(['env', 'GOVERSION']).catch(() => {
        throw new Error('not installed');
      });
      await mkdir(directory, { recursive: true });
      const paths = new Map(missing.map((program) => [program, join(directory, program)]));
      const build = async () => {
        // Another process may have built some of them while this one waited for the lock.
        const wanted = missing.filter((program) => !existsSync(join(directory, program)));
        if (wanted.length === 0) return;
        report(
          `control plane: building ${wanted.join(', ')} with ${version.trim()} into ${directory}, once: ${EXPECTED}`,
        );
        await buildInto(directory, wanted, go, report);
      };
      await withLock(join(directory, 'build.lock'), build, () =>
        report('control plane: another process is building; waiting for it'),
      );
      return paths;
    },
  };
}

async function buildInto(
  directory: string,
  programs: readonly Program[],
  go: Go,
  report: Report,
): Promise<void> {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const packages = programs.map((program) => `./${program}`);
  report('control plane: reading the source, which is downloaded where it is not there');
  const all = await staleCount(go, packages);
  let done = 0;
  const onPackage = () => {
    const stepsBefore = Math.floor((done * PROGRESS_STEPS) / all);
    done++;
    if (Math.floor((done * PROGRESS_STEPS) / all) > stepsBefore)
      report(`control plane: ${done} of ${all} packages compiled (${seconds()} s)`);
  };
  const staging = await mkdtemp(join(directory, '.build-'));
  try {
    await go.run(['build', '-v', ...FLAGS, '-o', `${staging}/`, ...packages], (line) => {
      if (isPackage(line)) onPackage();
    });
    // A rename within one directory is atomic, so nothing ever sees a partial program.
    for (const program of programs) await rename(join(staging, program), join(directory, program));
    report(`control plane: built ${programs.join(', ')} in ${seconds()} s`);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Omits debug information, so that the programs are smaller, and compiled and linked faster. */
const FLAGS = ['-trimpath', '-gcflags=all=-dwarf=false', `-ldflags=${linkerFlags()}`];

/** Sets the version, or the server reports v0.0.0-master and Helm's kubeVersion checks refuse it. */
function linkerFlags(): string {
  const [major, minor] = KUBERNETES_VERSION.split('.');
  const stamps = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
    `-X ${path}.gitVersion=v${KUBERNETES_VERSION}`,
    `-X ${path}.gitMajor=${major}`,
    `-X ${path}.gitMinor=${minor}`,
  ]);
  return ['-s -w', ...stamps].join(' ');
}

/** Returns the number of packages that a build would compile; the others are in Go's cache. */
async function staleCount(go: Go, packages: readonly string[]): Promise<number> {
  const format = '{{if .Stale}}{{.ImportPath}}{{end}}';
  const output = await go.run(['list', '-deps', ...FLAGS, '-f', format, ...packages]);
  return output.split('\n').filter((line) => line !== '').length;
}

/** Whether the line names a package: `go build -v` prints each compiled package on its own line, among other output. */
function isPackage(line: string): boolean {
  return /^[\w.~/-]+$/.test(line);
}

/** Runs the program `go` in the module. */
class Go {
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = { ...environment, CGO_ENABLED: '0', GOWORK: 'off' };
  }

  /**
   * Runs `go` and returns its output; rejects with the end of its error output.
   * @param onErrorLine called with each line of the error output
   */
  run(args: readonly string[], onErrorLine: (line: string) => void = () => {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn('go', args, {
        cwd: MODULE,
        env: this.#environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      let errors = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      createInterface({ input: child.stderr }).on('line', (line) => {
        onErrorLine(line);
        if (!isPackage(line)) errors = `${errors}${line}\n`.slice(-SHOWN_ERROR_CHARACTERS);
      });
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (code === 0) resolve(output);
        else reject(new Error(`go ${args[0]} failed (${signal ?? `exit code ${code}`}): ${errors.trim()}`));
      });
    });
  }
}
