import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a program until stdin of the shell ends, and ignores signals meanwhile. Stdin is a pipe from this process, so
 * the program ends with this process, even if it is killed.
 */
const GUARD = `trap '' INT TERM HUP; "$@" & cat > /dev/null; kill -KILL $!; wait`;

/** A program that runs beside this process and never outlives it. */
export interface ChildProgram {
  stop(): Promise<void>;
}

/** Starts a program that keeps no state and whose output is not needed. */
export function startProgram(path: string, args: readonly string[]): ChildProgram {
  const guard = spawn('sh', ['-c', GUARD, 'sh', path, ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(guard, 'close');
  return {
    async stop() {
      guard.stdin.end();
      await ended;
    },
  };
}
