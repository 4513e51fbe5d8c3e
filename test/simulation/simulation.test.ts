import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { runCampaign } from './campaign.ts';
import { runStory, type Story } from './run.ts';
import { tellStory } from './tell.ts';

/** As many as run within a minute on two cores. */
const SEEDS = 100;
const STEPS = 60;
const REGRESSIONS = join(import.meta.dirname, 'regressions');

test(`${SEEDS} seeds show no violation of a rule`, async () => {
  const { done, findings } = await runCampaign({
    from: 1,
    seeds: SEEDS,
    steps: STEPS,
    workers: availableParallelism(),
  });
  const [first] = findings;
  assert.equal(first && tellStory(first.story, first.violation), undefined);
  assert.equal(done, SEEDS);
});

const regressions = (await readdir(REGRESSIONS)).filter((file) => file.endsWith('.json'));

test('there are past failures to repeat', () => {
  assert.ok(regressions.length > 0);
});

for (const file of regressions)
  test(`a past failure does not recur: ${basename(file, '.json').replaceAll('-', ' ')}`, async () => {
    const story = JSON.parse(await readFile(join(REGRESSIONS, file), 'utf8')) as Story;
    const violation = await runStory(story);
    assert.equal(violation && tellStory(story, violation), null);
  });
