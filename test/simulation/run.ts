import type { Violation } from './model/judge.ts';
import { drawPlan, type WorldPlan } from './plan.ts';
import { stream } from './random.ts';
import { settle } from './settle.ts';
import { drawStep, runStep } from './steps/all.ts';
import type { Step } from './steps/step.ts';
import { World, type WorldOptions } from './world.ts';

/** A world and its steps: everything that is needed to reproduce a run. */
export interface Story {
  readonly seed: number;
  readonly plan: WorldPlan;
  readonly steps: readonly Step[];
}

export interface Outcome {
  readonly story: Story;
  /** The first violation; `null` if there was none. */
  readonly violation: Violation | null;
}

/** Runs the world of a seed for `steps` steps, or until a rule is broken. */
export async function runSeed(seed: number, steps: number, options: WorldOptions = {}): Promise<Outcome> {
  const plan = drawPlan(seed);
  const random = stream(seed, 'steps');
  const done: Step[] = [];
  const next = (world: World) => {
    if (done.length >= steps) return null;
    const step = drawStep(world, random);
    done.push(step);
    return step;
  };
  const violation = await run(new World(plan, seed, options), next);
  return { story: { seed, plan, steps: done }, violation };
}

/** Runs a story again. */
export async function runStory(story: Story, options: WorldOptions = {}): Promise<Violation | null> {
  const steps = story.steps[Symbol.iterator]();
  return run(new World(story.plan, story.seed, options), () => {
    const next = steps.next();
    return next.done ? null : next.value;
  });
}

async function run(world: World, next: (world: World) => Step | null): Promise<Violation | null> {
  try {
    await world.begin();
    for (let step = next(world); step && world.violations.length === 0; step = next(world))
      await runStep(world, step);
    if (world.violations.length === 0) await settle(world);
    return world.violations[0] ?? null;
  } finally {
    world.close();
  }
}
