import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { startControlPlane } from '../../test/controlplane/control-plane.ts';
import { helmPath, kubectlPath } from '../../test/controlplane/tools.ts';
import { askControl, type SandboxAddress } from '../sandbox-control.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/main.ts');
/** Long enough for every wait on a page; a command that needs more hangs. */
const COMMAND_MS = 180_000;

/** A cluster, an operator, a simulated Asana and a folder, in which the commands of the pages run. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  /** Gid of the organization. */
  readonly workspace: string;
  /** Runs a line of bash. Resolves with its output, rejects with its error output. */
  run(command: string, input?: string): Promise<string>;
}

/** Starts everything that a reader of the pages has. */
export async function openStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-site-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const controlPlane = await startControlPlane({ controllerManager: true });
  stack.defer(() => controlPlane.stop());
  const sandbox = await startSandbox(folder, stack);
  await askControl(sandbox, 'POST', '/teams', { name: 'On call' });
  const programs = await writePrograms(folder);
  for (const name of ['charts', 'crds', 'docs']) await symlink(join(ROOT, name), join(folder, name));
  const environment = {
    ...process.env,
    KUBECONFIG: controlPlane.kubeconfigPath,
    PATH: [programs, process.env['PATH']].join(delimiter),
    PROGRAMS: join(folder, 'installed'),
    ASANA_TOKEN: sandbox.tokens.serviceAccount,
    ASANA_API_URL: sandbox.asanaUrl,
  };
  await mkdir(environment.PROGRAMS);
  const run = (command: string, input?: string) => runBash(command, folder, environment, input);
  await run('helm install asana-connector charts/asana-connector -n asana-connector --create-namespace');
  startOperator(folder, environment, stack);
  const stop = stack.move();
  return { folder, workspace: sandbox.workspace, run, [Symbol.asyncDispose]: () => stop.disposeAsync() };
}

/** Writes the programs that the pages call, under the names used there, and returns their folder. */
async function writePrograms(folder: string): Promise<string> {
  const programs = join(folder, 'programs');
  await mkdir(programs);
  const ours = `exec '${process.execPath}' '${MAIN}'`;
  const scripts = {
    kubectl: `exec '${await kubectlPath()}' "$@"`,
    helm: `exec '${await helmPath()}' "$@"`,
    'asana-connector': `${ours} "$@"`,
    'kubectl-asana': `${ours} kubectl-asana "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(programs, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(programs, name), 0o755);
  }
  return programs;
}

async function startSandbox(folder: string, stack: AsyncDisposableStack): Promise<SandboxAddress> {
  const child = start(['sandbox', '--accounts', '60'], process.env, join(folder, 'sandbox.log'), stack);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) return JSON.parse(line) as SandboxAddress;
  throw new Error('the sandbox ended before it was ready');
}

function startOperator(folder: string, environment: NodeJS.ProcessEnv, stack: AsyncDisposableStack): void {
  const flags = [
    '--leader-election-namespace',
    'asana-connector',
    '--metrics-bind-address',
    '0',
    '--health-bind-address',
    '0',
  ];
  const child = start(['operator', ...flags], environment, join(folder, 'operator.log'), stack);
  child.stdout?.pipe(createWriteStream(join(folder, 'audit.log')));
}

function start(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  logFile: string,
  stack: AsyncDisposableStack,
): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.pipe(createWriteStream(logFile));
  stack.defer(async () => {
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  });
  return child;
}

function runBash(command: string, cwd: string, env: NodeJS.ProcessEnv, input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-uo', 'pipefail', '-c', command], {
      cwd,
      env,
      timeout: COMMAND_MS,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const printed = { out: '', err: '' };
    child.stdout?.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0
        ? resolve(printed.out)
        : reject(new Error(`ended with ${code ?? signal}: ${printed.err.trim() || printed.out.trim()}`)),
    );
    child.stdin?.end(input);
  });
}
