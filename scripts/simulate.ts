import { readOptions, type SimulateOptions, simulate } from '../test/simulation/command.ts';

const USAGE = `Runs the operator in simulated worlds, one for each seed, and checks every rule of the judge.

Usage: npm run simulate -- [options]

  --seeds N         number of seeds (default 1000; with --mutants, 2000 for each fault)
  --from N          first seed (default 1)
  --steps N         number of steps in each world (default 60)
  --workers N       number of seeds that run at the same time (default: one for each core)
  --story FILE      replay a story that --json printed
  --json            also print the stories as JSON
  --tell N          shorten and print the first finding of each rule, for at most N rules (default 5)
  --ignore A,B      do not check these rules
  --mutants         put known faults back into the program, one at a time; fail if one is not found
  --only A,B        with --mutants: only these faults
  --write           with --mutants: write the faults that were found to docs/reliability.md

The exit code is 0 if there are no findings, 1 if there are, and 2 for an invalid option.
`;

/** @returns the exit code: 1 for a finding, 2 for a wrong option */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  let options: SimulateOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  return (await simulate(options, (line) => console.log(line))) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
