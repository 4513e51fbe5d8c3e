import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCrd } from '../src/api/crd.ts';
import { kinds } from '../src/api/kinds.ts';
import { argocdConfig } from './manifests/argocd-config.ts';
import { chartValues, readmeWithValues } from './manifests/chart-values.ts';
import { conditionsPage } from './manifests/conditions-page.ts';
import { chartTemplate, crdFile } from './manifests/crd-files.ts';
import { dashboardFile } from './manifests/dashboard/dashboard.ts';
import { eventsPage } from './manifests/events-page.ts';
import { fieldsPage } from './manifests/fields-page.ts';
import { schemaWithKinds } from './manifests/values-schema.ts';

const ROOT = join(import.meta.dirname, '..');
const CRDS = 'crds';
const CHART = 'charts/asana-connector';
const ARGOCD = 'docs/gitops/argocd';
const CHART_CRDS = `${CHART}/templates/crds`;

/** Folders with nothing but generated files, so that leftovers of a removed kind can be found. */
const GENERATED_FOLDERS = [CRDS, CHART_CRDS];

/**
 * Returns every file that is generated, or has a generated part: its content by its path below the project root.
 * @throws Error if a value of the chart has no description or is unknown to its schema
 */
export async function generateManifests(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const kind of kinds) {
    const crd = crdFile(buildCrd(kind));
    files.set(`${CRDS}/${kind.names.plural}.yaml`, crd);
    files.set(`${CHART_CRDS}/${kind.names.plural}.yaml`, chartTemplate(crd));
  }
  files.set('docs/reference/fields.md', fieldsPage(kinds));
  files.set('docs/reference/conditions.md', conditionsPage());
  files.set('docs/reference/events.md', eventsPage());
  files.set(`${CHART}/files/dashboard.json`, dashboardFile());
  files.set(`${ARGOCD}/argocd-cm.yaml`, await argocdConfig(join(root, ARGOCD)));
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const values = chartValues(await read(`${CHART}/values.yaml`));
  files.set(`${CHART}/README.md`, readmeWithValues(await read(`${CHART}/README.md`), values));
  const schema = await read(`${CHART}/values.schema.json`);
  files.set(`${CHART}/values.schema.json`, schemaWithKinds(schema, values, kinds));
  return files;
}

/** Returns what is wrong with the generated files below `root`, one line each; empty if they are up to date. */
export async function findStale(root: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, content] of files) {
    const found = await readIfThere(join(root, path));
    if (found === null) stale.push(`${path} is missing`);
    else if (found !== content) stale.push(`${path} is stale`);
  }
  for (const folder of GENERATED_FOLDERS) {
    for (const name of await readdir(join(root, folder))) {
      const path = `${folder}/${name}`;
      if (!files.has(path)) stale.push(`${path} is not generated: remove it`);
    }
  }
  return stale;
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeManifests(root: string, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const files = await generateManifests(ROOT);
  if (!values.check) await writeManifests(ROOT, files);
  const stale = await findStale(ROOT, files);
  for (const line of stale) console.error(line);
  if (stale.length > 0) process.exitCode = 1;
}
