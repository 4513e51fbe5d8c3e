import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { findCircles } from './import-circles.ts';
import { type ModuleFacts, scanModule } from './import-scan.ts';

/** What every layer may use. */
const LEAF = 'core';

/** Everything that runs in production, from the bottom to the top, without the leaf. */
const PRODUCTION = [
  'api',
  'kubernetes',
  'asana',
  'telemetry',
  'directory',
  'provisioning',
  'conductorone',
  'controllers',
] as const;

/**
 * Which folders of `src` each folder may import from (its own and the leaf go without saying). One direction only:
 * what talks to Asana knows nothing of Kubernetes, what decides knows no kinds, and nothing that runs in production
 * knows the sandbox.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  [LEAF]: [],
  api: [],
  kubernetes: [],
  asana: [],
  telemetry: [],
  directory: ['asana'],
  provisioning: ['directory', 'asana'],
  conductorone: ['provisioning', 'directory', 'asana'],
  controllers: PRODUCTION,
  commands: PRODUCTION,
  // The simulators speak ConductorOne's messages, and nothing else of what they are there to test.
  sandbox: ['conductorone'],
  'main.ts': ['commands'],
};

/** Single files with a right that their folder has not. */
const FILE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'commands/sandbox/sandbox-command.ts': ['sandbox'],
};

/** The folders inside a folder, where their names are part of the architecture: a new one needs a decision. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  controllers: ['connectors', 'grants', 'removals', 'conductorone'],
  provisioning: ['license', 'team', 'workspace', 'account', 'removals'],
};

/** The only file that may end the process. */
const ENTRY = 'main.ts';

export interface LayerViolation {
  /** Path below `src`, with slashes. */
  readonly file: string;
  readonly problem: string;
}

/**
 * Everything below `src` that breaks the direction of imports, runs in a circle, or ends the process where it must
 * not.
 */
export async function checkLayers(src: string): Promise<LayerViolation[]> {
  const modules = await readModules(src);
  const violations: LayerViolation[] = [];
  for (const [file, module] of modules) {
    for (const problem of checkModule(file, module)) violations.push({ file, problem });
  }
  for (const circle of findCircles(new Map([...modules].map(([file, { targets }]) => [file, targets])))) {
    violations.push({
      file: circle[0] ?? '',
      problem: `imports itself in a circle: ${circle.join(' → ')}. Move what both need into a file of its own`,
    });
  }
  return violations.toSorted((a, b) => a.file.localeCompare(b.file));
}

interface Module extends ModuleFacts {
  /** What it imports of this project, as paths below `src`. */
  readonly targets: readonly string[];
}

/** The modules by their path below `src`, in the order of these. */
async function readModules(src: string): Promise<Map<string, Module>> {
  const modules = new Map<string, Module>();
  const paths: string[] = [];
  for await (const path of glob('**/*.ts', { cwd: src })) paths.push(path);
  for (const path of paths.toSorted()) {
    const facts = scanModule(await readFile(join(src, path), 'utf8'));
    const targets = facts.imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => slashed(relative(src, resolve(src, dirname(path), specifier))));
    modules.set(slashed(path), { ...facts, targets });
  }
  return modules;
}

function checkModule(file: string, { targets, computedImport, processExit }: Module): string[] {
  const layer = layerOf(file);
  const allowed = MAY_IMPORT[layer];
  if (allowed === undefined)
    return [`${layer} is not among the folders of scripts/layers.ts: give it a place there`];
  const problems: string[] = [];
  const room = roomOf(file);
  if (room !== null && ROOMS[layer]?.includes(room) === false)
    problems.push(`${layer}/${room} is not among the rooms of scripts/layers.ts: give it a place there`);
  for (const target of targets) {
    const targetLayer = layerOf(target);
    if (target.startsWith('../')) problems.push(`imports ${target}, which is outside src`);
    else if (
      targetLayer !== layer &&
      targetLayer !== LEAF &&
      !allowed.includes(targetLayer) &&
      !FILE_MAY_IMPORT[file]?.includes(targetLayer)
    ) {
      problems.push(`imports ${target}: ${layer} must not know ${targetLayer}`);
    }
  }
  if (computedImport)
    problems.push('imports by a name that is computed at run time, which cannot be checked');
  if (processExit && file !== ENTRY) problems.push('mentions process.exit: only main.ts ends the process');
  return problems;
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}

/** The folder inside its layer that a file lies in; null when it lies in the layer directly. */
function roomOf(file: string): string | null {
  const [, room, ...rest] = file.split('/');
  return room === undefined || rest.length === 0 ? null : room;
}

/** The first folder below `src`, or the file itself when it lies directly there. */
function layerOf(file: string): string {
  return file.split('/')[0] ?? file;
}

if (import.meta.main) {
  const violations = await checkLayers(join(import.meta.dirname, '..', 'src'));
  for (const { file, problem } of violations) console.error(`src/${file}: ${problem}`);
  if (violations.length > 0) process.exitCode = 1;
}
