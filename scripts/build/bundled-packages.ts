import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** An npm package with code in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as its package.json states it. */
  readonly license: string;
  /** Absolute path of its folder in node_modules. */
  readonly folder: string;
}

/** The folder of the innermost package that a file belongs to. */
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/**
 * Returns the packages with at least one byte in the bundle, sorted by name and version.
 * @param root the folder that the paths of the metafile are relative to
 * @throws Error if a package does not state its license
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

/** Returns `name@version`, by which npm refers to a package in an SBOM. */
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
