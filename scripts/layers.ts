import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { findCircles } from './import-circles.ts';
import { type ModuleFacts, scanModule } from './import-scan.ts';

/** The folder that every layer may import from. */
const LEAF = 'core';

/** The folders that run in production, from bottom to top, without the leaf. */
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
 * The folders of `src` that each folder may import from, besides itself and the leaf. Imports go one way: code that
 * talks to Asana does not know Kubernetes, code that decides does not know the kinds, and nothing that runs in
 * production knows the sandbox.
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
  // The simulators use ConductorOne's messages, and nothing else of the code that they are there to test.
  sandbox: ['conductorone'],
  'main.ts': ['commands'],
};

/** Single files with a permission that their folder does not have. */
const FILE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'commands/sandbox/sandbox-command.ts': ['sandbox'],
};

/** The allowed subfolders of a folder whose subfolders are part of the architecture: a new one needs a decision. */
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
 * Returns everything below `src` that breaks the direction of imports, imports itself in a cycle, or ends the process
 * where it must not.
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
  /** The files of this project that it imports, as paths below `src`. */
  readonly targets: readonly string[];
}

/** Returns the modules by their path below `src`, sorted by path. */
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

/** Returns the folder inside its layer that a file is in; `null` if the file is directly in the layer. */
function roomOf(file: string): string | null {
  const [, room, ...rest] = file.split('/');
  return room === undefined || rest.length === 0 ? null : room;
}

/** Returns the first folder below `src`, or the file itself if it is directly there. */
function layerOf(file: string): string {
  return file.split('/')[0] ?? file;
}

if (import.meta.main) {
  const violations = await checkLayers(join(import.meta.dirname, '..', 'src'));
  for (const { file, problem } of violations) console.error(`src/${file}: ${problem}`);
  if (violations.length > 0) process.exitCode = 1;
}
