import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianProgram } from '../../test/ground/debian-program.ts';
import type { BuildOptions, ContainerOptions, Engine, PreparedContainer } from './engine.ts';
import { containerConfiguration, type ImageConfiguration } from './oci.ts';
import { printed, shown, succeeds } from './program.ts';

/** No retries: one failed attempt shows that a registry cannot be reached. */
const PULL_FLAGS = ['--quiet', '--retry', '0'];

/** Returns buildah with runc, both from Debian's packages. They need no daemon, but root. */
export async function buildah(): Promise<Engine> {
  const purpose = 'No Docker daemon answers, so the image is built by buildah and started by runc.';
  const program = await debianProgram({ names: ['buildah'], package: 'buildah', purpose });
  const runc = await debianProgram({ names: ['runc'], package: 'runc', purpose });
  const version = /version (\S+)/.exec(await printed(program, ['--version']))?.[1] ?? '';
  const runcVersion = /version (\S+)/.exec(await printed(runc, ['--version']))?.[1] ?? '';
  const withFiles: Engine['withFiles'] = (image, use) => withContainer(program, image, use);
  return {
    title: `buildah ${version}, runc ${runcVersion}`,
    pull: (image) => succeeds(program, ['pull', ...PULL_FLAGS, image]),
    build: (options) => build(program, options),
    withFiles,
    prepare: (options) => prepare({ buildah: program, runc }, options),
  };
}

async function build(program: string, { tag, context, dockerfile, args }: BuildOptions): Promise<void> {
  const buildArgs = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const flags = ['--runtime', 'runc', '--network', 'host', '--layers', '-t', tag, '-f', dockerfile];
  await shown(program, ['build', ...flags, ...buildArgs, context]);
}

async function withContainer<T>(
  program: string,
  image: string,
  use: (root: string, container: string) => Promise<T>,
): Promise<T> {
  const container = (await printed(program, ['from', '--pull-never', image])).trim();
  try {
    return await use((await printed(program, ['mount', container])).trim(), container);
  } finally {
    await printed(program, ['rm', container]);
  }
}

async function prepare(
  programs: { readonly buildah: string; readonly runc: string },
  options: ContainerOptions,
): Promise<PreparedContainer> {
  const { buildah: program, runc } = programs;
  const id = `asana-connector-${randomUUID()}`;
  const inspected = await printed(program, ['inspect', '--type', 'image', options.image]);
  const { OCIv1 } = JSON.parse(inspected) as { OCIv1: { config: ImageConfiguration } };
  const container = (await printed(program, ['from', '--pull-never', options.image])).trim();
  const root = (await printed(program, ['mount', container])).trim();
  const bundle = await mkdtemp(join(tmpdir(), 'asana-connector-bundle-'));
  const configuration = containerConfiguration(OCIv1.config, options, root);
  await writeFile(join(bundle, 'config.json'), JSON.stringify(configuration));
  // runc needs a mount point for everything that is in no layer; containerd creates them in the same way.
  for (const target of ['proc', 'sys', 'dev', 'tmp']) await mkdir(join(root, target), { recursive: true });
  return {
    run: [runc, 'run', '--bundle', bundle, id],
    processId: async () => (JSON.parse(await printed(runc, ['state', id])) as { pid: number }).pid,
    terminate: async () => {
      await printed(runc, ['kill', id, 'TERM']);
    },
    remove: async () => {
      await succeeds(runc, ['delete', '--force', id]);
      await printed(program, ['rm', container]);
      await rm(bundle, { recursive: true, force: true });
    },
  };
}
