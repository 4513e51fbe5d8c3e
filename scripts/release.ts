import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { changesIn, sectionOf } from './release/changelog.ts';
import { releasedChart, releasedValues } from './release/released-chart.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = join(ROOT, 'charts/asana-connector');
const RELEASED_CHART = join(ROOT, 'dist/chart');

const USAGE = `usage: npm run release -- check VERSION
       npm run release -- notes VERSION
       npm run release -- chart VERSION --image IMAGE --digest sha256:… --source https://…`;

/**
 * Runs a step of a release that needs no registry: `check` that every file names the version, print the `notes` of the
 * changelog, or write the `chart` to publish into dist/chart.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { image: { type: 'string' }, digest: { type: 'string' }, source: { type: 'string' } },
  });
  const [step, version] = positionals;
  const { image, digest, source } = values;
  if (version === undefined) throw new Error(USAGE);
  const section = sectionOf(await readText('CHANGELOG.md'), version);
  if (step === 'check') await checkVersions(version);
  else if (step === 'notes') console.log(section);
  else if (step === 'chart' && image !== undefined && digest !== undefined && source !== undefined)
    await writeChart({ version, changes: changesIn(section), image, digest, source });
  else throw new Error(USAGE);
}

function readText(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8');
}

async function checkVersions(version: string): Promise<void> {
  const chart = parse(await readText('charts/asana-connector/Chart.yaml')) as Record<string, string>;
  const named = {
    'package.json': (JSON.parse(await readText('package.json')) as { version: string }).version,
    'version of Chart.yaml': chart['version'],
    'appVersion of Chart.yaml': chart['appVersion'],
  };
  const others = Object.entries(named).filter(([, other]) => other !== version);
  if (others.length > 0)
    throw new Error(
      `not ready to release ${version}: ${others.map(([where, other]) => `${where} is ${other}`).join(', ')}`,
    );
  changesIn(sectionOf(await readText('CHANGELOG.md'), version));
}

async function writeChart(release: Parameters<typeof releasedChart>[1]): Promise<void> {
  await rm(RELEASED_CHART, { recursive: true, force: true });
  await cp(CHART, RELEASED_CHART, { recursive: true });
  for (const [name, write] of [
    ['Chart.yaml', releasedChart],
    ['values.yaml', releasedValues],
  ] as const) {
    const text = await readFile(join(CHART, name), 'utf8');
    await writeFile(join(RELEASED_CHART, name), write(text, release));
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
