import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCampaign } from './campaign.ts';
import type { Mutant } from './mutants/mutant.ts';
import { runSeed } from './run.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** The parts of the program that a copy needs in order to be simulated. */
const PARTS = ['src', 'test/simulation', 'test/api', 'package.json', 'proto', 'crds'];

export interface MutationOptions {
  readonly from: number;
  readonly seeds: number;
  readonly steps: number;
  readonly workers: number;
  readonly ignored?: readonly string[];
}

/** How a fault that was put back was found. */
export interface MutantFound {
  readonly name: string;
  readonly seed: number;
  /** The rule of the judge that the fault breaks. */
  readonly rule: string;
}

/**
 * Puts each of these faults back into a copy of the source, and runs seeds until one finds it.
 * @returns the faults that were found
 */
export async function runMutants(
  mutants: readonly Mutant[],
  options: MutationOptions,
  print: (line: string) => void,
): Promise<readonly MutantFound[]> {
  const isClean = askBase(options);
  const all: MutantFound[] = [];
  for (const mutant of mutants) {
    const begun = performance.now();
    const { found, done } = await findMutant(mutant, options, isClean);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    if (found) all.push(found);
    print(
      found
        ? `found   ${mutant.name} by seed ${found.seed} after ${done} (${seconds} s): ${found.rule}`
        : `MISSED  ${mutant.name} in ${done} seeds (${seconds} s): ${mutant.why}`,
    );
  }
  return all;
}

/** Returns the seed that finds a mutant, with the rule it breaks; `found` is null if no seed does. */
export async function findMutant(
  mutant: Mutant,
  options: MutationOptions,
  isClean = askBase(options),
): Promise<{ readonly found: MutantFound | null; readonly done: number }> {
  const folder = await copyWith(mutant);
  try {
    const { last, done } = await runCampaign({
      ...options,
      folder: join(folder, 'test', 'simulation'),
      endsWith: async ({ seed, violation }) =>
        mutant.breaks.includes(violation.rule) && (await isClean(seed)),
    });
    return {
      found: last && { name: mutant.name, seed: last.seed, rule: last.violation.rule },
      done,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Returns a function that reports whether a seed is clean without the fault, and runs each seed once. */
function askBase({ steps, ignored = [] }: MutationOptions): (seed: number) => Promise<boolean> {
  const answers = new Map<number, Promise<boolean>>();
  return (seed) => {
    const known =
      answers.get(seed) ?? runSeed(seed, steps, { ignored }).then((run) => run.violation === null);
    answers.set(seed, known);
    return known;
  };
}

/** Copies the program, with the fault, to a temporary folder. @throws Error if the fault no longer fits the source */
async function copyWith(mutant: Mutant): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simulation-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, find, replace } of mutant.edits) {
    const path = join(folder, 'src', file);
    const source = await readFile(path, 'utf8');
    if (source.split(find).length !== 2)
      throw new Error(
        `the mutant ${mutant.name} does not fit src/${file} any more: its text must stand there once`,
      );
    await writeFile(
      path,
      source.replace(find, () => replace),
    );
  }
  return folder;
}
