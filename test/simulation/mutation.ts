import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCampaign } from './campaign.ts';
import { type Mutant, mutants } from './mutants.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What a copy of the program needs to be simulated. */
const PARTS = ['src', 'test/simulation', 'test/api', 'package.json', 'proto', 'crds'];

export interface MutationOptions {
  readonly from: number;
  readonly seeds: number;
  readonly steps: number;
  readonly workers: number;
  readonly ignored?: readonly string[];
}

/** Puts each known fault back, in a copy of the source, until a seed finds it. True if every one is found. */
export async function runMutants(options: MutationOptions, print: (line: string) => void): Promise<boolean> {
  let all = true;
  for (const mutant of mutants) {
    const begun = performance.now();
    const found = await findMutant(mutant, options);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    print(
      found
        ? `found   ${mutant.name} by seed ${found.seed} after ${found.done} (${seconds} s): ${found.rule}`
        : `MISSED  ${mutant.name} in ${options.seeds} seeds (${seconds} s): ${mutant.why}`,
    );
    all &&= found !== null;
  }
  return all;
}

/** The seed that finds a mutant first, with the rule it breaks; null when none of them does. */
export async function findMutant(
  mutant: Mutant,
  options: MutationOptions,
): Promise<{ readonly seed: number; readonly rule: string; readonly done: number } | null> {
  const folder = await copyWith(mutant);
  try {
    const { findings, done } = await runCampaign({
      ...options,
      folder: join(folder, 'test', 'simulation'),
      untilFound: true,
    });
    const [first] = findings;
    return first ? { seed: first.seed, rule: first.violation.rule, done } : null;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A copy of the program outside the tree, with the fault in it. @throws Error when the source has moved on */
async function copyWith({ name, file, find, replace }: Mutant): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'simulation-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src', file);
  const source = await readFile(path, 'utf8');
  if (source.split(find).length !== 2)
    throw new Error(`the mutant ${name} does not fit src/${file} any more: its text must stand there once`);
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  return folder;
}
