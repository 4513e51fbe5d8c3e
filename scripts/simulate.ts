import { readOptions, type SimulateOptions, simulate } from '../test/simulation/command.ts';

const USAGE = `Runs the operator in simulated worlds, one for each seed, and fails on a finding.

Usage: npm run simulate -- [options]

  --seeds N         how many seeds (default 1000; 2000 for each fault with --mutants)
  --from N          the first seed (default 1)
  --steps N         steps of each world (default 60)
  --workers N       seeds at the same time (default: one for each core)
  --story FILE      run one story again, as --json printed it
  --json            print stories as JSON too
  --tell N          tell the first finding of so many rules (default 5)
  --ignore A,B      rules that are not judged
  --mutants         put known faults back, one at a time; fail when one is not found
  --only A,B        these faults only
  --write           write the faults that were found to docs/reliability.md
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
