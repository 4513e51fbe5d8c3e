import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildResult, build, type Plugin } from 'esbuild';
import { bundledPackages } from './build/bundled-packages.ts';
import { licensesText } from './build/licenses.ts';
import { billOfMaterials } from './build/sbom.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * The stand-in for client-node in `@dot-i/k8s-operator`, whose constructor makes a typed client that nothing uses:
 * everything that would send a request is overridden (src/kubernetes/operator.ts). Without the real client a megabyte
 * of generated models stays out of the bundle and out of memory.
 */
const CLIENT_NODE_FOR_DOT_I = `
export { KubeConfig } from '@kubernetes/client-node';
export class CoreV1Api {}
export class ApiextensionsV1Api {}
export class Watch {}
export function loadYaml() {
  throw new Error('@dot-i/k8s-operator must not install CRDs');
}`;

/** The stand-in for gaxios, which is never called: every request is overridden (src/kubernetes/operator.ts). */
const GAXIOS_FOR_DOT_I = `
export const instance = {
  request() {
    throw new Error('@dot-i/k8s-operator must not send requests of its own');
  },
};`;

/**
 * `@dot-i/k8s-operator` is CommonJS: its `require('@kubernetes/client-node')` keeps that whole package (5.3 MB instead
 * of 2.8), and `gaxios` brings node-fetch with the deprecated punycode (warning DEP0040 at every start).
 */
const slimDotI: Plugin = {
  name: 'slim-dot-i',
  setup(bundler) {
    const fromDotI = (importer: string) => /[\\/]@dot-i[\\/]k8s-operator[\\/]/.test(importer);
    bundler.onResolve({ filter: /^(@kubernetes\/client-node|gaxios)$/ }, ({ path, importer }) =>
      fromDotI(importer) ? { path, namespace: 'for-dot-i' } : null,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'for-dot-i' }, ({ path }) => ({
      contents: path === 'gaxios' ? GAXIOS_FOR_DOT_I : CLIENT_NODE_FOR_DOT_I,
      resolveDir: ROOT,
    }));
  },
};

/** The thread that writes c1z files; src/conductorone/c1z/thread.ts starts it by this name. */
const C1Z_WORKER = 'c1z-worker';

/**
 * Bundles the program into `directory`: `asana-connector.mjs`, its worker thread `c1z-worker.mjs`, the chunks they load
 * when a command needs them, and source maps. The image contains these and no node_modules.
 */
export async function bundle(directory: string): Promise<BuildResult<{ metafile: true }>> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  await rm(directory, { recursive: true, force: true });
  return build({
    absWorkingDir: ROOT,
    entryPoints: { 'asana-connector': 'src/main.ts', [C1Z_WORKER]: 'src/conductorone/c1z/worker.ts' },
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minifySyntax: true,
    minifyWhitespace: true,
    // Errors and log lines contain class names. Restoring them at each closure (keepNames) would cost a tenth of the
    // run time.
    minifyIdentifiers: false,
    sourcemap: 'linked',
    metafile: true,
    legalComments: 'none',
    define: {
      ASANA_CONNECTOR_VERSION: JSON.stringify(version),
      // All chunks are in the folder of the worker, whichever of them starts it.
      ASANA_CONNECTOR_C1Z_WORKER: JSON.stringify(`./${C1Z_WORKER}.mjs`),
    },
    // CommonJS packages in the bundle load Node's own modules with require, which ES modules lack.
    banner: {
      js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);",
    },
    plugins: [slimDotI],
    logLevel: 'warning',
  });
}

/** Writes `licenses.txt` and `sbom.cdx.json` beside a bundle, for the packages in it. */
export async function documentBundle(
  directory: string,
  { metafile }: BuildResult<{ metafile: true }>,
): Promise<void> {
  const packages = await bundledPackages(metafile, ROOT);
  await writeFile(join(directory, 'licenses.txt'), await licensesText(packages));
  await writeFile(
    join(directory, 'sbom.cdx.json'),
    `${JSON.stringify(await billOfMaterials(packages, ROOT), null, 2)}\n`,
  );
}

if (import.meta.main) {
  const started = performance.now();
  const directory = join(ROOT, 'dist');
  const built = await bundle(directory);
  await documentBundle(directory, built);
  for (const [path, { bytes }] of Object.entries(built.metafile.outputs)) {
    if (!path.endsWith('.map')) console.log(`${path}  ${(bytes / 1024).toFixed(0)} KiB`);
  }
  console.log(`bundled in ${Math.round(performance.now() - started)} ms`);
}
