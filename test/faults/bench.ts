import { Bundle } from '../commands/child.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';
import type { Fault, Seen } from './fault.ts';
import { World } from './world.ts';

/** How a fault went. */
export interface Outcome {
  readonly fault: Fault;
  readonly seconds: number;
  readonly seen: Seen | null;
  /** What did not hold; null when all did. */
  readonly problem: string | null;
}

/** Two that mostly wait fit on one processor. */
const AT_ONCE = 4;

/** Runs faults, some at a time, each in worlds of its own; tells each outcome as it comes. */
export async function runFaults(
  faults: readonly Fault[],
  tell: (outcome: Outcome) => void = () => {},
  atOnce = AT_ONCE,
): Promise<readonly Outcome[]> {
  const plane = await useControlPlane();
  await using program = await Bundle.make();
  const parts = { kubeconfigPath: plane.kubeconfigPath, main: program.main };
  const outcomes: Outcome[] = [];
  const waiting = faults.toSorted((a, b) => Number(b.isLong ?? false) - Number(a.isLong ?? false));
  const work = async () => {
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
      const outcome = await runFault(fault, parts);
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, faults.length) }, work));
  } finally {
    await plane.stop();
  }
  return outcomes;
}

async function runFault(
  fault: Fault,
  parts: { readonly kubeconfigPath: string; readonly main: string },
): Promise<Outcome> {
  const begun = performance.now();
  const worlds: World[] = [];
  const ends: (() => Promise<void>)[] = [];
  let seen: Seen | null = null;
  const problems: string[] = [];
  try {
    seen = await fault.run({
      open: async (options) => {
        const world = await World.open(parts, options);
        worlds.push(world);
        if (options?.begins !== false) await world.begin();
        return world;
      },
      atEnd: (end) => ends.push(end),
    });
    if (seen.fired === 0) problems.push('the fault did not fire, so nothing was shown');
  } catch (error) {
    problems.push((error as Error).message);
  }
  for (const end of [...worlds.map((world) => () => world.close()), ...ends.toReversed()]) {
    await end().catch((error: unknown) => problems.push((error as Error).message));
  }
  const seconds = (performance.now() - begun) / 1000;
  return { fault, seconds, seen, problem: problems.length === 0 ? null : problems.join('; ') };
}
