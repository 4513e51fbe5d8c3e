import { runStory, type Story } from './run.ts';
import type { Step } from './steps/step.ts';
import type { WorldOptions } from './world.ts';

/** The most worlds that are run to shorten one story. */
const MOST_RUNS = 160;

/**
 * Shortens a story as long as it still breaks the same rule: drops steps, many at once first, then parts of the world,
 * then waits, then steps again, and finally single entries of the lists in a step.
 */
export async function shrink(story: Story, rule: string, options: WorldOptions = {}): Promise<Story> {
  let best = story;
  let runs = 0;
  const tryStory = async (candidate: Story): Promise<boolean> => {
    if (runs >= MOST_RUNS) return false;
    runs += 1;
    const violation = await runStory(candidate, options);
    if (violation?.rule !== rule) return false;
    best = candidate;
    return true;
  };
  await dropSteps(story.steps, (steps) => tryStory({ ...best, steps }));
  for (const plan of simplerPlans(best)) await tryStory({ ...best, plan });
  for (let index = 0; index < best.steps.length; index += 1) {
    const steps = best.steps.map((step, at) => (at === index ? { ...step, waitMs: 0 } : step));
    if (best.steps[index]?.waitMs !== 0) await tryStory({ ...best, steps });
  }
  await dropSteps(best.steps, (steps) => tryStory({ ...best, steps }));
  for (let index = 0; index < best.steps.length; index += 1) await thinOut(index);
  return best;

  /** Drops those entries of a step's lists that are not needed. */
  async function thinOut(index: number): Promise<void> {
    for (const [field, value] of Object.entries(best.steps[index]?.with ?? {})) {
      if (!Array.isArray(value)) continue;
      for (let at = value.length - 1; at >= 0; at -= 1) {
        const step = best.steps[index];
        const now: unknown = step?.with[field];
        if (!step || !Array.isArray(now) || now.length < 2) return;
        const thinner = { ...step, with: { ...step.with, [field]: now.toSpliced(at, 1) } };
        await tryStory({ ...best, steps: best.steps.with(index, thinner) });
      }
    }
  }
}

/** Drops as many steps as `holds` allows: halves, quarters, and so on down to single ones. */
async function dropSteps(
  all: readonly Step[],
  holds: (steps: readonly Step[]) => Promise<boolean>,
): Promise<void> {
  let steps = all;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = steps.length - size; start > -size; start -= size) {
      const from = Math.max(0, start);
      const fewer = [...steps.slice(0, from), ...steps.slice(start + size)];
      if (fewer.length < steps.length && (await holds(fewer))) steps = fewer;
    }
  }
}

function simplerPlans({ plan }: Story): Story['plan'][] {
  const single = { ...plan, replicas: 1 };
  return [
    single,
    ...plan.connectors.map((_, at) => ({ ...single, connectors: plan.connectors.toSpliced(at, 1) })),
  ];
}
