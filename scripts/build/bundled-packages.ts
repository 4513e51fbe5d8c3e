import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package of npm's of which code is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json states it: an SPDX expression. */
  readonly license: string;
  /** Absolute path of its folder below node_modules. */
  readonly folder: string;
}

/** The folder of the innermost package that a file belongs to. */
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/**
 * The packages of which at least one byte is in the bundle, by name and version.
 * @param root what the paths of the metafile are relative to
 * @throws Error when a package does not say what its license is
 */
export async function bundledPackages({ outputs }: Metafile, root: string): Promise<BundledPackage[]> {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = PACKAGE_FOLDER.exec(path)?.[0];
      if (bytesInOutput > 0 && folder !== undefined) folders.add(join(root, folder));
    }
  }
  const packages = await Promise.all([...folders].map(readPackage));
  return packages.toSorted((a, b) => nameAndVersion(a).localeCompare(nameAndVersion(b), 'en'));
}

/** `name@version`, which is how npm refers to a package in an SBOM. */
export function nameAndVersion({ name, version }: Pick<BundledPackage, 'name' | 'version'>): string {
  return `${name}@${version}`;
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof version !== 'string' || typeof license !== 'string')
    throw new Error(`${folder}/package.json states no name, version or license: it must not be bundled`);
  return { name, version, license, folder };
}
