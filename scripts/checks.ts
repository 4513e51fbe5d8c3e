import { spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** A check of the source that needs nothing else. */
export interface Check {
  readonly name: string;
  /** What to do if the check fails. */
  readonly remedy: string;
  /** A script for Node, and its arguments. */
  readonly command: readonly string[];
}

export const TYPES: Check = {
  name: 'types',
  remedy: 'correct what tsc says above',
  command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
};

/** The checks of `npm run lint`. */
export const LINT: readonly Check[] = [
  {
    name: 'format',
    remedy: 'run `npm run format`',
    command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--linter-enabled=false'],
  },
  {
    name: 'lint',
    remedy: 'correct what oxlint says above',
    command: ['node_modules/oxlint/bin/oxlint', '--type-aware', '-c', '.oxlintrc.json'],
  },
  {
    name: 'layers',
    remedy: 'move the code to the layer that may know what it needs (docs/architecture.md, Layers)',
    command: ['scripts/layers.ts'],
  },
  {
    name: 'dead code',
    remedy: 'delete what knip says nothing uses',
    command: ['node_modules/knip/bin/knip.js', '--no-progress'],
  },
  {
    name: 'manifests',
    remedy: 'run `npm run manifests` and commit what it changes',
    command: ['scripts/manifests.ts', '--check'],
  },
];

/** Runs the checks one after the other, prints the output of those that fail, and returns how many failed. */
export async function runChecks(checks: readonly Check[]): Promise<number> {
  let failures = 0;
  for (const check of checks) {
    const started = performance.now();
    const { code, output } = await runNode(check.command);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (code === 0) {
      console.log(`ok      ${check.name} (${seconds} s)`);
      continue;
    }
    failures++;
    console.log(`${output.trimEnd()}\nFAILED  ${check.name} (${seconds} s): ${check.remedy}`);
  }
  return failures;
}

function runNode(args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
