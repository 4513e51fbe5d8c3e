import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SuiteContext, TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from '../../scripts/build.ts';

/** The program as run in a fresh clone. */
export const FROM_SOURCE = join(import.meta.dirname, '../../src/main.ts');

/** The program as bundled in the image; it starts three times as fast. */
export class Bundle implements AsyncDisposable {
  readonly main: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.main = join(directory, 'asana-connector.mjs');
  }

  static async make(): Promise<Bundle> {
    const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    await bundle(directory);
    return new Bundle(directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}

const PATIENCE_MS = 60_000;
/** Every secret of these tests contains this word: no output may contain it. */
export const CANARY = 'canary';

export type Variables = Readonly<Record<string, string>>;

/** The exit code and the complete output of a program. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program as a separate process, in its own folder, with only the given variables. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<Ending>;
  #stdout = '';
  #stderr = '';

  constructor(
    folder: Pick<Folder, 'path' | 'temp' | 'main'>,
    variables: Variables,
    flags: readonly string[] = [],
  ) {
    this.#process = spawn(process.execPath, [folder.main, ...flags], {
      cwd: folder.path,
      env: { BATON_TMPDIR: folder.temp, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#ended = once(this.#process, 'close').then(([code]) => {
      const ending = { code: code as number | null, stdout: this.#stdout, stderr: this.#stderr };
      const output = `${this.#stdout}${this.#stderr}`;
      assert.ok(!output.includes(CANARY), 'a secret is in the output');
      assert.doesNotMatch(
        output,
        /"(message|remedy|error)":"[^"]*\bspec\./,
        'a remedy names a field that only an object has',
      );
      return ending;
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits for the exit of the process; kills it after a minute. */
  async end(): Promise<Ending> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until `look` finds something. Fails after a minute, or if the program exits first. */
  async until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      assert.equal(this.#process.exitCode, null, `ended before ${what}: ${this.#stderr}`);
      assert.ok(performance.now() < deadline, `no ${what} within a minute: ${this.#stderr}`);
      await sleep(25);
    }
  }
}

/** A working folder that contains a folder for temporary files, which is empty whenever nothing runs. */
export class Folder implements AsyncDisposable {
  readonly path: string;
  /** Path of the program to run. */
  readonly main: string;

  private constructor(path: string, main: string) {
    this.path = path;
    this.main = main;
  }

  static async make(main: string): Promise<Folder> {
    const path = await mkdtemp(join(tmpdir(), 'connector-'));
    await mkdir(join(path, 'temp'));
    return new Folder(path, main);
  }

  /** Makes a folder that is removed after the test. */
  static async forTest(main: string, context: TestContext | SuiteContext): Promise<Folder> {
    const folder = await Folder.make(main);
    if ('after' in context) context.after(() => folder[Symbol.asyncDispose]());
    return folder;
  }

  get temp(): string {
    return join(this.path, 'temp');
  }

  get file(): string {
    return join(this.path, 'sync.c1z');
  }

  leftovers(): Promise<string[]> {
    return readdir(this.temp);
  }

  async run(variables: Variables, ...flags: string[]): Promise<Ending> {
    return new Child(this, variables, flags).end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}

/** Returns the JSON lines of a log. */
export function linesOf(text: string): Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Below the ephemeral ports of common systems, so no outgoing connection can take one in the meantime. */
const PORTS = { from: 20_000, to: 32_767 };

/** Returns a loopback port that is free now. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
