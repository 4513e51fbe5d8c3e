import { glob, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { scanModule } from './import-scan.ts';

/**
 * Which folders of `src` each folder may import from (its own goes without saying). One direction only: what
 * talks to Asana knows nothing of Kubernetes, what decides knows no kinds, and nothing that runs in production
 * knows the sandbox.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  api: ['core'],
  kubernetes: ['core'],
  asana: ['core'],
  telemetry: ['core'],
  directory: ['asana', 'core'],
  provisioning: ['directory', 'asana', 'core'],
  conductorone: ['provisioning', 'directory', 'asana', 'core'],
  controllers: [
    'conductorone',
    'provisioning',
    'directory',
    'asana',
    'kubernetes',
    'api',
    'telemetry',
    'core',
  ],
  commands: [
    'controllers',
    'conductorone',
    'provisioning',
    'directory',
    'asana',
    'kubernetes',
    'api',
    'telemetry',
    'core',
  ],
  // The simulators speak ConductorOne's messages, and nothing else of what they are there to test.
  sandbox: ['conductorone', 'core'],
  'main.ts': ['commands', 'core'],
};

/** Single files with a right that their folder has not. */
const FILE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'commands/sandbox/sandbox-command.ts': ['sandbox'],
};

/** The only file that may end the process. */
const ENTRY = 'main.ts';

export interface LayerViolation {
  /** Path below `src`, with slashes. */
  readonly file: string;
  readonly problem: string;
}

/** Everything below `src` that breaks the direction of imports, or ends the process where it must not. */
export async function checkLayers(src: string): Promise<LayerViolation[]> {
  const violations: LayerViolation[] = [];
  for await (const path of glob('**/*.ts', { cwd: src })) {
    const file = path.split(sep).join('/');
    for (const problem of checkModule(src, file, await readFile(join(src, path), 'utf8'))) {
      violations.push({ file, problem });
    }
  }
  return violations.toSorted((a, b) => a.file.localeCompare(b.file));
}

function checkModule(src: string, file: string, source: string): string[] {
  const facts = scanModule(source);
  const layer = layerOf(file);
  const allowed = MAY_IMPORT[layer];
  if (allowed === undefined)
    return [`${layer} is not among the folders of scripts/layers.ts: give it a place there`];
  const problems: string[] = [];
  for (const specifier of facts.imports) {
    if (!specifier.startsWith('.')) continue;
    const target = relative(src, resolve(src, dirname(file), specifier))
      .split(sep)
      .join('/');
    const targetLayer = layerOf(target);
    if (target.startsWith('../')) problems.push(`imports ${specifier}, which is outside src`);
    else if (
      targetLayer !== layer &&
      !allowed.includes(targetLayer) &&
      !FILE_MAY_IMPORT[file]?.includes(targetLayer)
    ) {
      problems.push(`imports ${target}: ${layer} must not know ${targetLayer}`);
    }
  }
  if (facts.computedImport)
    problems.push('imports by a name that is computed at run time, which cannot be checked');
  if (facts.processExit && file !== ENTRY)
    problems.push('mentions process.exit: only main.ts ends the process');
  return problems;
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
