import { readOptions, simulate } from '../../test/simulation/command.ts';
import { atMost, type Benchmark, type Figure } from './figure.ts';

const SEEDS = 1000;

/** The time that the simulation takes; it must also find nothing. */
export const simulation: Benchmark = {
  name: 'simulation',
  about: `the simulation of ${SEEDS.toLocaleString('en')} seeds`,
  async run(log): Promise<Figure[]> {
    const begun = performance.now();
    const isClean = await simulate(readOptions(['--seeds', String(SEEDS)]), log);
    const seconds = (performance.now() - begun) / 1000;
    const clean = { what: 'findings', measured: isClean ? 'none' : 'some', bound: 'none', holds: isClean };
    return [atMost('from the first seed to the last', seconds, 300, 's', 0), clean];
  },
};
