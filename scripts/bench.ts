import { c1z } from './bench/c1z.ts';
import { curves } from './bench/curves.ts';
import type { Figure } from './bench/figure.ts';
import { grantTask } from './bench/grant-task.ts';
import { manyNewGrants, newGrants } from './bench/grants.ts';
import { idle } from './bench/idle.ts';
import { memory, startUp } from './bench/memory.ts';
import { plan } from './bench/plan.ts';
import { settled } from './bench/settled.ts';
import { simulation } from './bench/simulation.ts';
import { sync } from './bench/sync.ts';
import { syncTask } from './bench/sync-task.ts';
import { paint } from './demo/screen.ts';

const all = [
  sync,
  c1z,
  syncTask,
  grantTask,
  newGrants,
  manyNewGrants,
  settled,
  idle,
  memory,
  startUp,
  plan,
  simulation,
];

/**
 * `npm run bench [-- NAME…]`: prints each figure beside its bound; fails if one does not hold. `curves` runs only by
 * name and alone: its figures have no bounds, and take half an hour.
 */
async function main(names: readonly string[]): Promise<boolean> {
  if (names[0] === 'curves') {
    await curves(names.includes('--write'), console.log);
    return true;
  }
  if (names.includes('curves')) {
    console.error('curves runs alone: npm run bench -- curves [--write]');
    return false;
  }
  const unknown = names.filter((name) => !all.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    console.error(
      `there is no benchmark ${unknown.join(', ')}; there is ${all.map(({ name }) => name).join(', ')}, curves`,
    );
    return false;
  }
  let holds = true;
  for (const benchmark of all.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`\n${paint('bold', benchmark.name)}: ${benchmark.about}`);
    const figures = await benchmark.run((line) => console.log(`  ${paint('dim', line)}`));
    for (const figure of figures) console.log(`  ${render(figure)}`);
    holds &&= figures.every((figure) => figure.holds);
  }
  return holds;
}

function render({ what, measured, bound, holds }: Figure): string {
  return `${holds ? paint('green', 'holds ') : paint('red', 'BROKEN')}  ${what}: ${measured}  (${bound})`;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
