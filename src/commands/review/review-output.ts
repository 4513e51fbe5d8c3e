import { open, rename, rm, stat } from 'node:fs/promises';
import { InvalidInputError } from '../../core/errors.ts';
import type { Output } from '../command-line/output.ts';

/**
 * Writes all of it: to standard output, or to a file, which is as it was until all of it is there.
 * @param path null for standard output
 * @throws InvalidInputError for a file that cannot be written
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
    // Names and addresses of everybody: for whoever runs this, and nobody else.
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

/** A pipe or a device is written to, and never put something else in its place. */
async function isNoFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch {
    return false;
  }
}
