import type { Random } from '../../../src/core/clock.ts';
import { between, chance } from '../random.ts';
import type { World } from '../world.ts';
import { connectorSteps } from './connectors.ts';
import { consoleSteps } from './console.ts';
import { faultSteps } from './faults.ts';
import { grantSteps } from './grants.ts';
import { holdSteps } from './holds.ts';
import { meetingSteps } from './meetings.ts';
import { processSteps } from './processes.ts';
import type { Step, StepKind } from './step.ts';
import { successorSteps } from './successors.ts';
import { takeoverSteps } from './takeovers.ts';

export const stepKinds: readonly StepKind[] = [
  ...grantSteps,
  ...connectorSteps,
  ...consoleSteps,
  ...meetingSteps,
  ...successorSteps,
  ...takeoverSteps,
  ...holdSteps,
  ...faultSteps,
  ...processSteps,
];

const TOTAL = stepKinds.reduce((sum, { weight }) => sum + weight, 0);

/** Draws the next step for a world in its current state. */
export function drawStep(world: World, random: Random): Step {
  for (;;) {
    const kind = drawKind(random);
    const data = kind.draw(world, random);
    if (data !== null) return { do: kind.name, with: data, waitMs: drawWait(random) };
  }
}

/** Runs a step, and lets its time pass. */
export async function runStep(world: World, step: Step): Promise<void> {
  const kind = kindOf(step);
  world.tally.count('step', step.do);
  await kind.run(world, step.with as never);
  await world.advance(step.waitMs);
}

/** Describes a step in words. */
export function tellStep(step: Step): string {
  return `${kindOf(step).tell(step.with as never)}; then ${describeWait(step.waitMs)}`;
}

function kindOf(step: Step): StepKind {
  const kind = stepKinds.find(({ name }) => name === step.do);
  if (!kind) throw new Error(`there is no step ${step.do}`);
  return kind;
}

function drawKind(random: Random): StepKind {
  let at = random() * TOTAL;
  for (const kind of stepKinds) {
    at -= kind.weight;
    if (at < 0) return kind;
  }
  return stepKinds[0] as StepKind;
}

/** Draws mostly short waits, so that things overlap; sometimes one long enough for delays, windows and syncs. */
function drawWait(random: Random): number {
  if (chance(random, 0.25)) return 0;
  if (chance(random, 0.4)) return between(random, 1, 800);
  if (chance(random, 0.6)) return between(random, 1_000, 90_000);
  return between(random, 90_000, 1_200_000);
}

function describeWait(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
