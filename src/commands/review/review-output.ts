import { open, rename, rm, stat } from 'node:fs/promises';
import { InvalidInputError } from '../../core/errors.ts';
import type { Output } from '../command-line/output.ts';

/**
 * Writes all chunks to standard output, or to a file, which is not changed until all of them are written.
 * @param path `null` for standard output
 * @throws InvalidInputError if the file cannot be written
 */
export async function writeOutput(
  chunks: Iterable<string>,
  path: string | null,
  output: Output,
): Promise<void> {
  if (path === null) {
    for (const chunk of chunks) output.write(chunk);
    return;
  }
  const isDevice = await isNoFile(path);
  const target = isDevice ? path : `${path}.${process.pid}.part`;
  try {
    // The file contains everyone's name and address, so only its owner may read it.
    const file = await open(target, isDevice ? 'w' : 'wx', 0o600);
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
    if (!isDevice) await rename(target, path);
  } catch (cause) {
    if (!isDevice) await rm(target, { force: true });
    throw new InvalidInputError('--output', `cannot write ${path}: correct the path or its permissions`, {
      cause,
    });
  }
}

/** Whether a path exists and is not a regular file. A pipe or a device is written to, and never replaced. */
async function isNoFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch {
    return false;
  }
}
