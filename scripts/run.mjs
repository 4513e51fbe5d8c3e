#!/usr/bin/env node
// Runs a script of this project with the Node version it is written for, whatever Node runs this file, and first
// installs what is missing: `node scripts/run.mjs FILE [ARGUMENTS]`. Every npm script calls it, so that each works on a
// fresh clone. Plain JavaScript for Node 18 and newer, with built-in modules only.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, 'package-lock.json');
const nodeDirectory = join(root, 'node_modules', 'node', 'bin');
/** Records the lock file that node_modules was installed from. `npm ci` removes it with everything else. */
const stampFile = join(root, 'node_modules', '.installed-from');
/** Holds the id of the installing process, so that two terminals on a fresh clone do not both install. */
const installing = join(root, '.installing');

const LOCK_POLL_MS = 500;

function lockFileDigest() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

/** Whether node_modules matches the lock file. */
function isInstalled() {
  if (!existsSync(join(nodeDirectory, 'node'))) return false;
  if (existsSync(stampFile)) return readFileSync(stampFile, 'utf8') === lockFileDigest();
  // Installed by hand: npm writes its own lock file into node_modules at the end of every installation.
  const npmLockFile = join(root, 'node_modules', '.package-lock.json');
  return existsSync(npmLockFile) && statSync(npmLockFile).mtimeMs >= statSync(lockFile).mtimeMs;
}

async function install() {
  console.error('Installing dependencies (npm ci); this happens once.');
  const started = Date.now();
  // The npm that started this process, else the one on PATH. Its output goes to stderr: stdout belongs to the script.
  const npm = process.env.npm_execpath ?? '';
  const [program, ...first] = npm.endsWith('npm-cli.js') ? [process.execPath, npm] : ['npm'];
  const child = spawn(program, [...first, 'ci', '--no-fund', '--no-audit'], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 2, 2],
  });
  const failure = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code === 0 ? '' : (signal ?? `exit code ${code}`)));
  });
  if (failure !== '') throw new Error(`npm ci failed (${failure}); see its output above.`);
  if (!existsSync(join(nodeDirectory, 'node'))) {
    throw new Error(
      'npm ci did not install Node 26 (the package "node"). It does so in an install script: ' +
        'run "npm config delete ignore-scripts", or "npm ci --ignore-scripts=false", then try again.',
    );
  }
  writeFileSync(stampFile, lockFileDigest());
  console.error(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** Installs unless that is done; waits while another process is installing. */
async function ensureInstalled() {
  while (!isInstalled()) {
    if (takeLock()) {
      try {
        if (!isInstalled()) await install();
      } finally {
        rmSync(installing, { force: true });
      }
      return;
    }
    await sleep(LOCK_POLL_MS);
  }
}

function takeLock() {
  try {
    writeFileSync(installing, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    // Signal 0 only tests whether the holder is alive; the lock of a dead holder is taken over in the next round.
    process.kill(Number(readFileSync(installing, 'utf8')) || process.pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') rmSync(installing, { force: true });
  }
  return false;
}

/** Returns the caller's environment without the options meant for the caller's Node. */
function environment() {
  const { NODE_OPTIONS: _, ...rest } = process.env;
  return rest;
}

/** Runs the script and returns its exit code. */
function run(file, args) {
  const child = spawn(join(nodeDirectory, 'node'), [file, ...args], {
    stdio: 'inherit',
    env: { ...environment(), PATH: [nodeDirectory, process.env.PATH].join(delimiter) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the script too; a second signal would tell it not to finish its work.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run.mjs FILE [ARGUMENTS]');
  process.exitCode = 2;
} else {
  try {
    await ensureInstalled();
    process.exitCode = await run(file, args);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
