import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SandboxAddress } from './sandbox-control.ts';

/** The entry point of the program in the source tree. */
export const MAIN = join(import.meta.dirname, '../src/main.ts');

/** Starts the program from source as a process of its own; its standard error goes to a file. */
export function startFromSource(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logFile: string,
): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.pipe(createWriteStream(logFile));
  return child;
}

/** Stops a process and waits until it has ended. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Waits until a sandbox is ready, and returns its addresses. */
export async function sandboxAddress(child: ChildProcess, logFile: string): Promise<SandboxAddress> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) return JSON.parse(line) as SandboxAddress;
  throw new Error(`the sandbox ended before it was ready: see ${logFile}`);
}
