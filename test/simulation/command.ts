import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Finding, runCampaign } from './campaign.ts';
import { ENOUGH, listRare } from './coverage.ts';
import { mutants as allMutants } from './mutants/all.ts';
import type { Mutant } from './mutants/mutant.ts';
import { type MutantFound, runMutants } from './mutation.ts';
import { readFaults, renderFaults, renderRules, withSection } from './reliability.ts';
import { runStory, type Story } from './run.ts';
import { shrink } from './shrink.ts';
import { tellStory } from './tell.ts';

/** Number of seeds per line of progress. */
const PROGRESS_EVERY = 500;
const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');

export interface SimulateOptions {
  readonly seeds: number;
  readonly from: number;
  readonly steps: number;
  readonly workers: number;
  readonly mutants: boolean;
  /** Names of mutants; empty for all of them. */
  readonly only: readonly string[];
  /** Write the results into docs/reliability.md. */
  readonly write: boolean;
  /** A story file to run again, instead of seeds. */
  readonly story: string | null;
  /** Print stories as JSON too, in the format of `regressions/`. */
  readonly json: boolean;
  /** The number of rules whose first finding is shortened and printed. */
  readonly tell: number;
  /** Names of rules that are not judged. */
  readonly ignored: readonly string[];
}

/** Parses the arguments. @throws TypeError for an unknown option, RangeError for an invalid number */
export function readOptions(args: readonly string[]): SimulateOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      steps: { type: 'string', default: '60' },
      workers: { type: 'string', default: String(availableParallelism()) },
      story: { type: 'string' },
      tell: { type: 'string', default: '5' },
      ignore: { type: 'string', default: '' },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  // A mutant must be found within this many seeds.
  values.seeds ??= values.mutants ? '2000' : '1000';
  const whole = (name: 'seeds' | 'from' | 'steps' | 'workers' | 'tell') => {
    const number = Number(values[name]);
    if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`--${name} takes a whole number`);
    return number;
  };
  const { mutants, json, story = null, ignore, only, write } = values;
  const namesIn = (list: string) => list.split(',').filter((name) => name !== '');
  return {
    seeds: whole('seeds'),
    from: whole('from'),
    steps: whole('steps'),
    workers: Math.max(1, whole('workers')),
    mutants,
    json,
    tell: whole('tell'),
    story,
    only: namesIn(only),
    write,
    ignored: namesIn(ignore),
  };
}

/** Runs what the options ask for and prints the results. @returns true on success */
export async function simulate(options: SimulateOptions, print: (line: string) => void): Promise<boolean> {
  if (options.mutants) return putBack(options, print);
  if (options.story !== null) return replay(options.story, print);
  const { from, seeds, steps } = options;
  const begun = performance.now();
  const { findings, tally, done } = await runCampaign({ ...options, ...tellProgress(options, print) });
  const seconds = (performance.now() - begun) / 1000;
  await tellFindings(findings, options, print);
  print(tally.render());
  const rare = listRare(tally, ENOUGH);
  print(`seen fewer than ${ENOUGH} times: ${rare.length === 0 ? 'nothing' : rare.join(', ')}`);
  print(
    `${done} of ${seeds} seeds from ${from}, ${steps} steps each, in ${seconds.toFixed(1)} s (${(done / seconds).toFixed(1)} a second): ${findings.length} findings`,
  );
  for (const [rule, count] of countRules(findings)) print(`  ${rule}: ${count}`);
  return findings.length === 0;
}

/** Prints a line now and then, and one for each finding: ten thousand seeds take half an hour. */
function tellProgress({ seeds }: SimulateOptions, print: (line: string) => void) {
  return {
    onSeed: (done: number) => {
      if (done % PROGRESS_EVERY === 0) print(`${done} of ${seeds} seeds`);
    },
    onFinding: ({ seed, violation: { rule, detail } }: Finding) => print(`seed ${seed}: ${rule}: ${detail}`),
  };
}

/** Reports whether every fault that was put back was found. */
async function putBack(options: SimulateOptions, print: (line: string) => void): Promise<boolean> {
  const { only } = options;
  const mutants = allMutants.filter(({ name }) => only.length === 0 || only.includes(name));
  const found = await runMutants(mutants, options, print);
  print(`${found.length} of ${mutants.length} faults were found`);
  if (options.write) await writeFound(found, mutants);
  return found.length === mutants.length;
}

/** Writes the seeds that found these faults into the document; the entries of faults that were not tried stay. */
async function writeFound(found: readonly MutantFound[], tried: readonly Mutant[]): Promise<void> {
  const document = await readFile(DOCUMENT, 'utf8');
  const before = readFaults(document).filter(({ name }) => !tried.some((mutant) => mutant.name === name));
  const faults = renderFaults(allMutants, [...before, ...found]);
  await writeFile(DOCUMENT, withSection(withSection(document, 'rules', renderRules()), 'faults', faults));
}

async function replay(file: string, print: (line: string) => void): Promise<boolean> {
  const story = JSON.parse(await readFile(file, 'utf8')) as Story;
  const violation = await runStory(story);
  print(violation ? tellStory(story, violation) : 'nothing is wrong');
  return violation === null;
}

/** Prints the first finding of each rule, with its story shortened. */
async function tellFindings(
  findings: readonly Finding[],
  { steps, json, tell, ignored }: SimulateOptions,
  print: (line: string) => void,
): Promise<void> {
  const told = new Set<string>();
  for (const { seed, story, violation } of findings) {
    if (told.has(violation.rule) || told.size >= tell) continue;
    told.add(violation.rule);
    const short = await shrink(story, violation.rule, { ignored });
    const again = (await runStory(short, { ignored })) ?? violation;
    print(
      `${tellStory(short, again)}\nAgain: npm run simulate -- --from ${seed} --seeds 1 --steps ${steps}\n`,
    );
    if (json) print(`${JSON.stringify(short)}\n`);
  }
}

function countRules(findings: readonly Finding[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { violation } of findings) counts.set(violation.rule, (counts.get(violation.rule) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}
