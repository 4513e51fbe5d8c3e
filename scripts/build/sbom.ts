import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type BundledPackage, nameAndVersion } from './bundled-packages.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
}

/** The part of CycloneDX 1.5, as `npm sbom` writes it, that is used here. */
export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly metadata: { readonly component: Component; readonly [other: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly [other: string]: unknown;
}

/**
 * Returns the software bill of materials of the bundle: what npm reads from the lock file, without the packages that
 * the bundler left out. The same lock file and bundle give the same text.
 * @param root folder of package.json and its lock file
 * @throws Error if npm fails, or does not know a bundled package
 */
export async function billOfMaterials(packages: readonly BundledPackage[], root: string): Promise<Sbom> {
  // Not with --omit=dev, which also omits packages that a development dependency needs as well.
  const args = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'];
  const { stdout } = await promisify(execFile)('npm', args, {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  return onlyBundled(JSON.parse(stdout) as Sbom, packages);
}

/** Returns the part of a bill of materials about the program and these packages, without what varies between runs. */
export function onlyBundled(sbom: Sbom, packages: readonly BundledPackage[]): Sbom {
  const wanted = new Set(packages.map(nameAndVersion));
  const isWanted = ({ name, version }: Component) => wanted.has(nameAndVersion({ name, version }));
  const components = sbom.components.filter(isWanted);
  const known = new Set(components.map(nameAndVersion));
  const unknown = [...wanted].filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`bundled, but not in package-lock.json: ${unknown.join(', ')}`);
  const { component, timestamp: _, ...metadata } = sbom.metadata;
  const { serialNumber: __, ...rest } = sbom;
  const refs = new Set([component['bom-ref'], ...components.map((each) => each['bom-ref'])]);
  return {
    ...rest,
    // npm names the root after the folder that it is in.
    metadata: { ...metadata, component: { ...component, name: 'asana-connector' } },
    components,
    dependencies: sbom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => refs.has(on)) })),
  };
}
