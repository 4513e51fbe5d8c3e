import { execFile } from 'node:child_process';
import { access, constants, glob, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../controlplane/cache.ts';

const run = promisify(execFile);

/** Test files run concurrently, but apt cannot. */
const LOCK = join(tmpdir(), 'asana-connector-apt.lock');

/** A program that tests need and npm does not provide. */
export interface DebianProgram {
  /** The names that it may have on the PATH. */
  readonly names: readonly [string, ...string[]];
  /** The package of Debian and Ubuntu that contains it. */
  readonly package: string;
  /** Why it is needed, as a sentence. */
  readonly purpose: string;
  /** True if the installed package would start a service: it is then only unpacked, into the user's cache. */
  readonly startsService?: boolean;
}

/**
 * Returns the path of a program: from PATH, or else from the package, which is installed as root or with sudo.
 * @throws Error that says what to do if neither is available
 */
export async function debianProgram(program: DebianProgram): Promise<string> {
  const path = (await find(program)) ?? (await install(program));
  if (path === null)
    throw new Error(`apt-get has installed ${program.package}, and ${program.names[0]} is not on PATH`);
  return path;
}

/** A file that tests need from a Debian package that is not installed. */
export interface DebianFile {
  readonly name: string;
  readonly package: string;
  /** Why it is needed, as a sentence. */
  readonly purpose: string;
}

/**
 * Returns the path of a file from a package, which is unpacked into the user's cache.
 * @throws Error that says what to do if the package cannot be downloaded
 */
export async function debianFile({ name, package: packageName, purpose }: DebianFile): Promise<string> {
  const folder = cacheDirectory('debian', packageName);
  const known = await lookIn(folder, name);
  if (known !== null) return known;
  const way = `Run this where "apt-get download ${packageName}" works.`;
  await bring(`${purpose} ${way}`, folder, unpacking(packageName));
  const found = await lookIn(folder, name);
  if (found === null) throw new Error(`the package ${packageName} has no file ${name}`);
  return found;
}

async function lookIn(folder: string, name: string): Promise<string | null> {
  for await (const path of glob(`usr/**/${name}`, { cwd: folder })) return join(folder, path);
  return null;
}

async function find(program: DebianProgram): Promise<string | null> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  if (program.startsService) folders.push(join(unpackedFolder(program), 'usr', 'bin'));
  for (const folder of folders) {
    for (const name of program.names) {
      const path = join(folder, name);
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return path;
    }
  }
  return null;
}

function unpackedFolder({ package: packageName }: DebianProgram): string {
  return cacheDirectory('debian', packageName);
}

async function install(program: DebianProgram): Promise<string | null> {
  const { names, package: packageName, purpose, startsService } = program;
  const way = `Put ${names[0]} on PATH, or run this as root, or with sudo that asks for no password, where "apt-get install ${packageName}" works.`;
  const installing = `${asRoot()} apt-get install -q -y --no-install-recommends ${packageName}`;
  if (startsService) await bring(`${purpose} ${way}`, unpackedFolder(program), unpacking(packageName));
  else await bring(`${purpose} ${way}`, tmpdir(), installing);
  return find(program);
}

function unpacking(packageName: string): string {
  return `apt-get download -q ${packageName} && dpkg-deb --extract ${packageName}_*.deb . && rm ${packageName}_*.deb`;
}

/** Returns the words before a command that requires root: none in a container that runs as root. */
function asRoot(): string {
  return process.getuid?.() === 0 ? '' : 'sudo --non-interactive --preserve-env=DEBIAN_FRONTEND';
}

/** @param failure the error message if the command fails */
async function bring(failure: string, folder: string, command: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await run('flock', [LOCK, 'sh', '-c', `${asRoot()} apt-get update -q && ${command}`], {
      cwd: folder,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    throw new Error(failure, { cause });
  }
}
