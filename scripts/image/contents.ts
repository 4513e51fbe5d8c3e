import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One file of an image. */
export interface ImageFile {
  /** Absolute path in the container. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: number;
}

/** The files in /app besides the modules of the bundle. */
const DOCUMENTS = ['LICENSE', 'licenses.txt', 'sbom.cdx.json'];
/** The old name of the program, by which the Deployments of baton-asana start it. */
const OTHER_NAME = '/baton-asana';
/** Text from the sandbox, and from packages that only the sandbox needs. */
const SANDBOX = /Run a simulated Asana|simulated ConductorOne|FST_ERR_/;

/** Returns every file below `root`, the folder that an image is unpacked to. */
export async function imageFiles(root: string): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode, uid, gid, size } = await lstat(path);
    files.push({ path: path.slice(root.length), mode, uid, gid, bytes: size });
  }
  return files;
}

/**
 * Returns what is wrong with the files of the program in an image: files that do not belong to it, files that its user
 * could change, and missing files.
 */
export function misplacedFiles(files: readonly ImageFile[]): string[] {
  const own = files.filter(({ path }) => path.startsWith('/app/') || path === OTHER_NAME);
  const problems: string[] = [];
  for (const { path, mode, uid, gid } of own) {
    const name = path.slice('/app/'.length);
    if (path !== OTHER_NAME && !DOCUMENTS.includes(name) && !/^[\w-]+\.mjs$/.test(name))
      problems.push(`${path} is not of the program`);
    if (uid !== 0 || gid !== 0 || (mode & 0o222) !== 0) problems.push(`${path} can be changed`);
  }
  const needed = [
    ...[...DOCUMENTS, 'asana-connector.mjs', 'c1z-worker.mjs'].map((name) => `/app/${name}`),
    OTHER_NAME,
  ];
  for (const path of needed) {
    if (!own.some((file) => file.path === path)) problems.push(`${path} is missing`);
  }
  for (const { path } of files) {
    if (/(^|\/)node_modules\/(?!npm\/|corepack\/)|^\/src\//.test(path))
      problems.push(`${path} is of the build`);
  }
  return problems;
}

/** Returns the modules that still contain parts of the sandbox. */
export async function modulesWithSandbox(root: string): Promise<string[]> {
  const folder = join(root, 'app');
  const modules = (await readdir(folder)).filter((name) => name.endsWith('.mjs'));
  const found = await Promise.all(
    modules.map(async (name) => (SANDBOX.test(await readFile(join(folder, name), 'utf8')) ? [name] : [])),
  );
  return found.flat();
}
