import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Returns the standard output of a program; rejects with its error output. */
export async function printed(program: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { maxBuffer: MAX_OUTPUT_BYTES })).stdout;
}

/** Whether a program exits with code 0. */
export function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return printed(program, args).then(
    () => true,
    () => false,
  );
}

/** Runs a program and shows its output while it works. */
export async function shown(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args[0]} ended with ${code}; see its output above`);
}
