import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerOptions, Engine } from './engine.ts';

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;

/** How a container ended, and its whole output. */
export interface Ending {
  readonly code: number | null;
  readonly output: string;
  /** From start to end, including the engine's setup. */
  readonly milliseconds: number;
}

/** A running container under test. */
export interface Working {
  readonly startedAt: number;
  /** Waits until a condition holds; fails a minute after the start, or if the container ends first. */
  readonly until: (what: string, seen: () => Promise<boolean>) => Promise<void>;
  /** Peak resident memory of the container's program, in bytes. */
  readonly peakMemory: () => Promise<number>;
}

/** Runs a container to its end. */
export function runContainer(engine: Engine, options: ContainerOptions): Promise<Ending> {
  return startContainer(engine, options, ({ ended }) => ended);
}

/**
 * Runs a container while `use` tries it, then stops it as the kubelet does.
 * @throws Error with the container's output, if `use` fails or the container does not exit cleanly
 */
export async function whileRunning(
  engine: Engine,
  options: ContainerOptions,
  use: (working: Working) => Promise<void>,
): Promise<Ending> {
  const ending = await startContainer(engine, options, async ({ ended, processId, terminate }) => {
    const startedAt = performance.now();
    let early: Ending | null = null;
    void ended.then((value) => (early = value));
    const until = async (what: string, seen: () => Promise<boolean>) => {
      while (!(await seen())) {
        if (early !== null) throw new Error(`it ended before ${what}`);
        if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`not within a minute: ${what}`);
        await sleep(LOOK_EVERY_MS);
      }
    };
    let failure: unknown = null;
    try {
      await use({ startedAt, until, peakMemory: async () => peakMemoryOf(await processId()) });
    } catch (error) {
      failure = error;
    }
    if (early === null) await terminate();
    const value = await ended;
    if (failure === null) return value;
    throw new Error(
      `${failure instanceof Error ? failure.message : 'it was not used to its end'}\n${value.output}`,
    );
  });
  if (ending.code !== 0) throw new Error(`it ended with ${ending.code} after SIGTERM:\n${ending.output}`);
  return ending;
}

interface Started {
  readonly ended: Promise<Ending>;
  readonly processId: () => Promise<number>;
  readonly terminate: () => Promise<void>;
}

async function startContainer<T>(
  engine: Engine,
  options: ContainerOptions,
  use: (started: Started) => Promise<T>,
): Promise<T> {
  const prepared = await engine.prepare(options);
  try {
    const [program, ...args] = prepared.run;
    const startedAt = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const ended = Promise.all([text(child.stdout), text(child.stderr), code]).then(
      ([output, complaint, exitCode]) => ({
        code: exitCode,
        output: `${output}${complaint}`,
        milliseconds: performance.now() - startedAt,
      }),
    );
    return await use({ ended, processId: prepared.processId, terminate: prepared.terminate });
  } finally {
    await prepared.remove();
  }
}

async function peakMemoryOf(processId: number): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
