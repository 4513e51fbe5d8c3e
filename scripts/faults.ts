import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, runFaults } from '../test/faults/bench.ts';
import type { Fault } from '../test/faults/fault.ts';
import { renderBench } from '../test/faults/page.ts';
import { faults as bench } from '../test/faults/table.ts';
import { tenantFaults } from '../test/faults/tenants/table.ts';
import { withSection } from '../test/simulation/reliability.ts';
import { paint } from './demo/screen.ts';

const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'reliability.md');

const USAGE = `Injects faults around a real operator process and checks the outcome.

Usage: npm run faults -- [NAME…] [options]
       npm run faults -- tenants [NAME…]
       npm run faults -- kills [options]

  NAME…             run only these faults (default: all of them)
  --only A,B        the same, as a list
  --list            list the faults
  --write           write the tables of faults to docs/reliability.md

  tenants           run the faults that one tenant could cause for others, one at a time; they take minutes each
  kills             kill the operator at each step of each action; see npm run faults -- kills --help

The exit code is 0 if every fault took effect and the operator survived it, 1 if not, and 2 for an invalid argument.
`;

interface Wanted {
  readonly action: 'run' | 'list' | 'write' | 'help';
  /** In table order; all of them if none is named. */
  readonly faults: readonly Fault[];
}

/** @throws TypeError for an unknown option, RangeError for an unknown fault */
function readWords(args: readonly string[], all: readonly Fault[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      list: { type: 'boolean' },
      write: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const names = [...positionals, ...values.only.split(',').filter((name) => name !== '')];
  const unknown = names.filter((name) => !all.some((fault) => fault.name === name));
  if (unknown.length > 0) throw new RangeError(`there is no fault ${unknown.join(', ')}; see --list`);
  const action = (['help', 'list', 'write'] as const).find((word) => values[word]) ?? 'run';
  return { action, faults: all.filter(({ name }) => names.length === 0 || names.includes(name)) };
}

/** @returns the exit code: 1 if a fault was not survived, 2 for a wrong argument */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'kills') {
    // Loaded on demand, because it imports a lot.
    const { runKills } = await import('../test/faults/kills/command.ts');
    return runKills(args.slice(1));
  }
  const isTenants = args[0] === 'tenants';
  let wanted: Wanted;
  try {
    wanted = isTenants ? readWords(args.slice(1), tenantFaults) : readWords(args, bench);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (wanted.action === 'run') return run(wanted.faults, isTenants);
  if (wanted.action === 'help') console.log(USAGE);
  else if (wanted.action === 'write') await writeTable();
  else for (const { name, what } of wanted.faults) console.log(`${name.padEnd(34)} ${what}`);
  return 0;
}

async function writeTable(): Promise<void> {
  await writeFile(
    DOCUMENT,
    withSection(await readFile(DOCUMENT, 'utf8'), 'bench', renderBench([...bench, ...tenantFaults])),
  );
}

/** @param alone one at a time, each with its own control plane: together they would measure each other's load */
async function run(wanted: readonly Fault[], alone: boolean): Promise<number> {
  const begun = performance.now();
  const outcomes: Outcome[] = [];
  for (const group of alone ? wanted.map((fault) => [fault]) : [wanted])
    outcomes.push(...(await runFaults(group, (outcome) => console.log(render(outcome)))));
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

process.exitCode = await main(process.argv.slice(2));
