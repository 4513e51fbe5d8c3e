import { readOptions, simulate } from '../test/simulation/command.ts';

/**
 * `npm run simulate [-- --seeds N] [--from S] [--steps N] [--workers N] [--story FILE] [--json]`: the
 * operator in simulated worlds; fails on a finding. With `--mutants [--only NAME,…] [--write]` known faults are put back one
 * at a time; fails when one is not found, and with `--write` keeps what was found in docs/reliability.md.
 */
const found = await simulate(readOptions(process.argv.slice(2)), (line) => console.log(line));
process.exitCode = found ? 0 : 1;
