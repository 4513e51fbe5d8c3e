import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '../../core/errors.ts';

/** The text of one file, or of standard input. */
export interface ManifestFile {
  /** Name of the file in messages: the path by which it was reached, or `standard input`. */
  readonly name: string;
  readonly text: string;
}

/** Ten thousand grants have about 3 MiB. A much larger folder does not consist of manifests. */
const LARGEST_TOTAL_BYTES = 32 * 1024 * 1024;
const MANIFEST_NAME = /\.(ya?ml|json)$/i;

/**
 * Reads manifests. A path is a file, a folder, or `-` for standard input. Of a folder, reads all `*.yaml`, `*.yml` and
 * `*.json` files below it, links to such files included, in the order of their names.
 * @throws InvalidInputError if a path cannot be read, a file is not text, or the files are too large
 */
export async function readManifestFiles(
  paths: readonly string[],
  input: NodeJS.ReadableStream,
): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  let total = 0;
  for (const path of paths) {
    for (const reached of path === '-' ? ['-'] : await filesBelow(path)) {
      const name = reached === '-' ? 'standard input' : reached;
      const bytes = await (reached === '-' ? readInput(name, input, total) : readBounded(name, total));
      total += bytes.byteLength;
      files.push({ name, text: decode(name, bytes) });
    }
  }
  return files;
}

/** Returns the file, or the manifests below a folder. Links to folders are not followed, as they may form a cycle. */
async function filesBelow(path: string): Promise<string[]> {
  if (!(await statOf(path)).isDirectory()) return [path];
  const entries = await listFolder(path);
  const found: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = join(path, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) found.push(...(await filesBelow(below)));
    else if (MANIFEST_NAME.test(entry.name) && (await isFileOrLinkToOne(entry, below))) found.push(below);
  }
  return found;
}

/** Whether an entry is a file, or a link to one as in a mounted ConfigMap. @throws InvalidInputError for a dead link */
async function isFileOrLinkToOne(entry: Dirent, path: string): Promise<boolean> {
  return entry.isFile() || (entry.isSymbolicLink() && (await statOf(path)).isFile());
}

/** Reads standard input. Fails as soon as the limit is exceeded, since the input may never end. */
async function readInput(name: string, input: NodeJS.ReadableStream, before: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    checkTotal(name, before + (size += chunk.length));
  }
  return Buffer.concat(chunks);
}

async function readBounded(path: string, before: number): Promise<Buffer> {
  checkTotal(path, before + (await statOf(path)).size);
  try {
    const bytes = await readFile(path);
    // The size of a pipe, such as <(kustomize build), is not known beforehand.
    checkTotal(path, before + bytes.byteLength);
    return bytes;
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    throw unreadable(path, cause);
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function listFolder(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function checkTotal(name: string, bytes: number): void {
  if (bytes <= LARGEST_TOTAL_BYTES) return;
  throw new InvalidInputError(
    name,
    `makes the manifests larger than ${LARGEST_TOTAL_BYTES / 1024 / 1024} MiB: specify fewer files, or only files with objects of asana-connector.dev`,
  );
}

function decode(source: string, bytes: Buffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Reported below, with the same message.
  }
  throw new InvalidInputError(
    source,
    'is not valid YAML: it is not UTF-8 text. Specify a file with manifests',
  );
}

function unreadable(path: string, cause: unknown): InvalidInputError {
  return new InvalidInputError(path, 'cannot be read: correct the path or its permissions', { cause });
}
