import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { showCommand, showOutput } from './screen.ts';

/** Runs kubectl against one cluster. Every call is one that a person could have typed. */
export class Kubectl {
  readonly #program: string;
  readonly #kubeconfig: string;

  constructor(program: string, kubeconfig: string) {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
  }

  /** Runs kubectl, shows the command and its output, and returns the output. Throws the error output on failure. */
  async show(args: readonly string[], input?: string): Promise<string> {
    showCommand(`kubectl ${args.map(quote).join(' ')}`);
    const output = await this.run(args, input);
    showOutput(output);
    return output;
  }

  /** Does the same without showing it. */
  run(args: readonly string[], input?: string): Promise<string> {
    return runProgram(this.#program, args, { KUBECONFIG: this.#kubeconfig }, input);
  }

  /** Returns one object as JSON; `null` if there is none. */
  async read(kind: string, name: string): Promise<Record<string, unknown> | null> {
    const output = await this.run(['get', kind, name, '-n', 'iga', '--ignore-not-found', '-o', 'json']);
    return output.trim() === '' ? null : (JSON.parse(output) as Record<string, unknown>);
  }

  /** Follows `kubectl get -w`, one line per change, until the returned function is called. */
  follow(args: readonly string[], onLine: (line: string) => void): () => void {
    showCommand(`kubectl ${args.join(' ')}`);
    const child: ChildProcess = spawn(this.#program, args, {
      env: { ...process.env, KUBECONFIG: this.#kubeconfig },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
    return () => child.kill();
  }
}

/** Runs a program to its end. Resolves with its output, rejects with its error output. */
export function runProgram(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  input?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else
        reject(
          new Error(
            `${program} ${args.join(' ')} ended with ${code}: ${Buffer.concat(err).toString().trim()}`,
          ),
        );
    });
    child.stdin.end(input ?? '');
  });
}

function quote(argument: string): string {
  return /[\s{}"'*$]/.test(argument) ? `'${argument}'` : argument;
}
