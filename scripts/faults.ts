import { parseArgs } from 'node:util';
import { type Outcome, runFaults } from '../test/faults/bench.ts';
import type { Fault } from '../test/faults/fault.ts';
import { faults } from '../test/faults/table.ts';
import { paint } from './demo/screen.ts';

const USAGE = `Lets things go wrong around the real operator, one fault at a time, and looks at what became of it.

Usage: npm run faults -- [options]
       npm run faults -- kills [options]

  --only A,B        these faults only
  --list            name the faults and end

  kills             kill the operator at every step of an action; see its own --help

The exit code is 0 only if every fault fired, and was survived.
`;

/** @returns the exit code: 1 when a fault was not survived, 2 for a word that is wrong */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'kills') return runKills(args.slice(1));
  let only: string[];
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    if (values.list) {
      for (const { name, what } of faults) console.log(`${name.padEnd(30)} ${what}`);
      return 0;
    }
    only = values.only?.split(',').filter((name) => name !== '') ?? [];
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const unknown = only.filter((name) => !faults.some((fault) => fault.name === name));
  if (unknown.length > 0) {
    console.error(`there is no fault ${unknown.join(', ')}; --list names those that there are`);
    return 2;
  }
  return run(faults.filter(({ name }) => only.length === 0 || only.includes(name)));
}

async function run(wanted: readonly Fault[]): Promise<number> {
  const begun = performance.now();
  const outcomes = await runFaults(wanted, (outcome) => console.log(render(outcome)));
  const failed = outcomes.filter(({ problem }) => problem !== null);
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`\n${outcomes.length - failed.length} of ${outcomes.length} faults survived, in ${seconds} s`);
  for (const { fault, problem } of failed) console.log(`  ${paint('red', fault.name)}: ${problem}`);
  return failed.length === 0 ? 0 : 1;
}

function render({ fault, seconds, seen, problem }: Outcome): string {
  const fired = seen === null ? '' : `fired ${seen.fired} times; `;
  const outcome =
    problem === null ? `checked: ${seen?.checks.join('; ')}` : paint('red', `NOT SURVIVED: ${problem}`);
  const verdict = problem === null ? paint('green', 'survived') : paint('red', 'BROKEN  ');
  return `${verdict} ${paint('bold', fault.name)} (${seconds.toFixed(1)} s) ${fault.what}: ${fired}${outcome}`;
}

/** The bench of kills is loaded when it is asked for: it brings much of its own. */
async function runKills(args: readonly string[]): Promise<number> {
  const path = '../test/faults/kills/command.ts';
  const { runKills: start } = (await import(path)) as {
    runKills: (argv: readonly string[]) => Promise<number>;
  };
  return start(args);
}

process.exitCode = await main(process.argv.slice(2));
