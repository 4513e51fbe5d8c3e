import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Test files run side by side; apt does not. */
const LOCK = join(tmpdir(), 'asana-connector-apt.lock');

/** A program that tests need and npm does not bring. */
export interface DebianProgram {
  /** What it may be called on the PATH. */
  readonly names: readonly [string, ...string[]];
  /** The package of Debian and Ubuntu that brings it. */
  readonly package: string;
  /** Why it is needed, as a sentence. */
  readonly purpose: string;
}

/**
 * The path of a program: from PATH, else from the package, which a machine of CI installs as root.
 * @throws Error that says what to do, where neither is there
 */
export async function debianProgram(program: DebianProgram): Promise<string> {
  const path = (await findOnPath(program.names)) ?? (await install(program));
  if (path === null)
    throw new Error(`apt-get has installed ${program.package}, and ${program.names[0]} is not on PATH`);
  return path;
}

async function findOnPath(names: readonly string[]): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
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

async function install({ names, package: packageName, purpose }: DebianProgram): Promise<string | null> {
  try {
    const command = `apt-get update -q && apt-get install -q -y --no-install-recommends ${packageName}`;
    await run('flock', [LOCK, 'sh', '-c', command], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (cause) {
    throw new Error(
      `${purpose} Put ${names[0]} on PATH, or run this as root where "apt-get install ${packageName}" works.`,
      { cause },
    );
  }
  return findOnPath(names);
}
