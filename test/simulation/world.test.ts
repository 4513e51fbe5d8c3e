import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan } from './plan.ts';
import { stream } from './random.ts';
import { runSeed, runStory } from './run.ts';
import { drawStep, runStep, stepKinds, tellStep } from './steps/all.ts';
import { Tally } from './tally.ts';
import { World } from './world.ts';

/** Returns everything that happens in the world of a seed, as lines. */
async function traceOf(seed: number, steps: number): Promise<string[]> {
  const world = new World(drawPlan(seed), seed);
  const lines: string[] = [];
  const at = () => world.clock.monotonic();
  world.asana.watch({
    leaves: ({ by, method, operation, body }) =>
      lines.push(`${at()} ${by} ${method} ${operation} ${JSON.stringify(body)}`),
    answers: ({ by, operation, status }) => lines.push(`${at()} ${by} ${operation} ${status}`),
  });
  world.cluster.onWrite(({ by, verb, after }) =>
    lines.push(`${at()} ${by} ${verb} ${JSON.stringify(after)}`),
  );
  const random = stream(seed, 'steps');
  await world.begin();
  for (let count = 0; count < steps; count += 1) await runStep(world, drawStep(world, random));
  world.close();
  return lines;
}

test('a seed produces the same world twice, down to every request, ID and status', async () => {
  for (const seed of [3, 11, 42]) {
    const [first, second] = [await traceOf(seed, 40), await traceOf(seed, 40)];
    assert.ok(first.length > 100, `seed ${seed} shows ${first.length} lines`);
    assert.deepEqual(second, first);
  }
});

test('a recorded story ends as it did when it was drawn', async () => {
  for (const seed of [3, 11, 42]) {
    const [drawn, told] = [new Tally(), new Tally()];
    const { story, violation } = await runSeed(seed, 40, { tally: drawn });
    assert.deepEqual(await runStory(story, { tally: told }), violation);
    assert.deepEqual(told.toJSON(), drawn.toJSON());
  }
});

test('a story survives conversion to JSON, and each of its steps can be described', async () => {
  const { story } = await runSeed(5, 40);
  const copy = JSON.parse(JSON.stringify(story)) as typeof story;
  assert.deepEqual(copy, story);
  for (const step of copy.steps) assert.match(tellStep(step), /; then \d+ (ms|s|min)$/);
});

test('each kind of step has a unique name and a positive weight', () => {
  const names = stepKinds.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, weight } of stepKinds) assert.ok(weight > 0, name);
});
