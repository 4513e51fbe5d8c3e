import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '../src/commands/command-line/text-table.ts';
import { baseImages } from './image/base-images.ts';
import { buildah } from './image/buildah.ts';
import { tryConnector } from './image/connector-trial.ts';
import { docker } from './image/docker.ts';
import type { Engine } from './image/engine.ts';
import { tryOperator } from './image/operator-trial.ts';
import { mib, tryContents, tryHelp, tryRestrictions, tryVersion } from './image/plain-trials.ts';
import type { Subject, Trial } from './image/trial.ts';
import { sandboxAddress, startFromSource, stopProcess } from './sandbox-process.ts';

const ROOT = join(import.meta.dirname, '..');
const DOCKERFILE = join(ROOT, 'Dockerfile');
/** The chart's default memory limit for the operator (`resources` in values.yaml). */
const MEMORY_BYTES = 512 * 1024 ** 2;

/**
 * `npm run image`: builds the Dockerfile, checks the image, and starts it as the chart would.
 * `-- --tag NAME --node-image IMAGE --runtime-image IMAGE`: the name of the image, and its base images.
 */
async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { values } = parseArgs({
    options: {
      tag: { type: 'string', default: `localhost/asana-connector:${version}` },
      'node-image': { type: 'string' },
      'runtime-image': { type: 'string' },
    },
  });
  const engine = (await docker()) ?? (await buildah());
  console.log(`Building ${values.tag} with ${engine.title} …`);
  const bases = await baseImages(engine, DOCKERFILE, {
    node: values['node-image'],
    runtime: values['runtime-image'],
  });
  const standIns = bases.standIns ? ' (put together here: their registries cannot be reached)' : '';
  console.log(`Base images: ${bases.node}, ${bases.runtime}${standIns}`);
  await engine.build({
    tag: values.tag,
    context: ROOT,
    dockerfile: DOCKERFILE,
    args: { NODE_IMAGE: bases.node, RUNTIME_IMAGE: bases.runtime, VERSION: version, REVISION: revision() },
  });
  const subject = { image: values.tag, memoryBytes: MEMORY_BYTES };
  const trials = [
    await tryContents(engine, values.tag),
    await tryRestrictions(engine, subject),
    await tryVersion(engine, subject, version),
    await tryHelp(engine, subject),
    ...(await tryAgainstSandbox(engine, subject)),
  ];
  process.stdout.write(
    `\n${textTable(
      ['TRIED', 'SEEN', 'PEAK MEMORY'],
      trials.map(({ what, seen, peakMemory }) => [what, seen, peakMemory ? mib(peakMemory) : '']),
    )}`,
  );
}

function revision(): string {
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
}

async function tryAgainstSandbox(engine: Engine, subject: Subject): Promise<Trial[]> {
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-image-'));
  const log = join(folder, 'sandbox.log');
  const child = startFromSource(['sandbox', '--accounts', '200', '--teams', '20'], {}, log);
  try {
    const sandbox = await sandboxAddress(child, log);
    return [await tryOperator(engine, subject.image, sandbox), await tryConnector(engine, subject, sandbox)];
  } finally {
    await stopProcess(child);
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
