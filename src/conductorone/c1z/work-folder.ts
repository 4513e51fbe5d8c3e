import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageFault, tempFolderError } from './errors.ts';

const PREFIX = 'asana-connector-c1z-';

/**
 * A folder of its own inside the one for temporary files, which is made when it is missing.
 * @throws C1zError `TempFolderFull`, `TempFolderUnusable`
 */
export async function makeWorkFolder(tempFolder: string): Promise<string> {
  try {
    await mkdir(tempFolder, { recursive: true });
    return await mkdtemp(join(tempFolder, PREFIX));
  } catch (error) {
    throw tempFolderError(tempFolder, storageFault(error), error);
  }
}

export async function removeWorkFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
