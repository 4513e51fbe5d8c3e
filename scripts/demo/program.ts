import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { showCommand, showOutput } from './screen.ts';

/** How a command ended, and its output. */
export interface Ending {
  readonly code: number | null;
  readonly output: string;
}

/** `asana-connector` as run on a laptop, with the user's own kubeconfig and token. */
export class Program {
  readonly #main: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(main: string, environment: Readonly<Record<string, string>>) {
    this.#main = main;
    this.#environment = environment;
  }

  /** Runs a command and shows it with its output and its error output. */
  async show(args: readonly string[]): Promise<Ending> {
    showCommand(`asana-connector ${args.join(' ')}`);
    const child = spawn(process.execPath, [this.#main, ...args], {
      env: { ...process.env, ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
    for (const printed of [output, complaint]) if (printed.trim() !== '') showOutput(printed);
    return { code: await ended, output };
  }
}
