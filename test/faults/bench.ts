import { Bundle } from '../commands/child.ts';
import { useControlPlane } from '../controlplane/control-plane.ts';
import type { Fault, Seen } from './fault.ts';
import { World } from './world.ts';

/** The result of a fault. */
export interface Outcome {
  readonly fault: Fault;
  readonly seconds: number;
  readonly seen: Seen | null;
  /** What did not hold; `null` if everything did. */
  readonly problem: string | null;
}

/** Number of faults that run at once. Two fit on one processor, since each mostly waits. */
const AT_ONCE = 4;
/** Number of long faults that run beside them; these do little else than wait. */
const LONG_AT_ONCE = 3;

/** Runs faults, several at a time, each in worlds of its own, and calls `tell` with each outcome. */
export async function runFaults(
  faults: readonly Fault[],
  tell: (outcome: Outcome) => void = () => {},
): Promise<readonly Outcome[]> {
  const plane = await useControlPlane();
  await using program = await Bundle.make();
  const parts = { kubeconfigPath: plane.kubeconfigPath, main: program.main };
  const outcomes: Outcome[] = [];
  const work = async (waiting: Fault[]) => {
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
      const outcome = await runFault(fault, parts);
      outcomes.push(outcome);
      tell(outcome);
    }
  };
  const long = faults.filter(({ isLong }) => isLong);
  const others = faults.filter(({ isLong }) => !isLong);
  const lanes = [
    ...Array.from({ length: LONG_AT_ONCE }, () => long),
    ...Array.from({ length: AT_ONCE }, () => others),
  ];
  try {
    await Promise.all(lanes.map(work));
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
    problems.push((error as Error).message, ...worlds.flatMap((world) => world.lastWords()));
  }
  for (const end of [...worlds.map((world) => () => world.close()), ...ends.toReversed()]) {
    await end().catch((error: unknown) => problems.push((error as Error).message));
  }
  const seconds = (performance.now() - begun) / 1000;
  return { fault, seconds, seen, problem: problems.length === 0 ? null : problems.join('; ') };
}
