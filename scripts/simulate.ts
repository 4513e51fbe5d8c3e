import { readOptions, simulate } from '../test/simulation/command.ts';

/**
 * `npm run simulate [-- --seeds N] [--from S] [--steps N] [--workers N] [--story FILE] [--json] [--mutants]`: the
 * operator in simulated worlds; fails on a finding, or with `--mutants` when a known fault is not found.
 */
const found = await simulate(readOptions(process.argv.slice(2)), (line) => console.log(line));
process.exitCode = found ? 0 : 1;
