import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectPages } from './site/collect-pages.ts';
import { runPages } from './site/run-pages.ts';

const SITE = join(import.meta.dirname, '../site');

/** Builds the site into site/dist; a warning is a failure. With --check every command on the site is run first. */
async function site(): Promise<void> {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
  });
  if (values.check) await runPages(values.only ?? []);
  if (!isInstalled()) await run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit']);
  await collectPages();
  const output = await run(process.execPath, ['node_modules/astro/bin/astro.mjs', 'build']);
  const warnings = output.split('\n').filter((line) => /\[(WARN|ERROR)\]/.test(line));
  if (warnings.length > 0) throw new Error(`the build warns:\n${warnings.join('\n')}`);
}

/** Whether the packages are installed: npm writes its own lock file at the end of every installation. */
function isInstalled(): boolean {
  const installed = join(SITE, 'node_modules/.package-lock.json');
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(SITE, 'package-lock.json')).mtimeMs
  );
}

/** Runs a program in the folder of the site, shows its output and returns it. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: SITE,
      env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        process.stderr.write(chunk);
      });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${program} ${args.join(' ')} ended with ${code}`)),
    );
  });
}

try {
  await site();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
