import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildOptions, ContainerOptions, Engine, PreparedContainer } from './engine.ts';
import { printed, shown, succeeds } from './program.ts';

/** Returns Docker as the engine; `null` if no daemon answers. */
export async function docker(): Promise<Engine | null> {
  const version = await printed('docker', ['version', '--format', '{{.Server.Version}}']).catch(() => null);
  if (version === null) return null;
  return {
    title: `Docker ${version.trim()}`,
    pull: (image) => succeeds('docker', ['pull', '--quiet', image]),
    build,
    withFiles,
    prepare: (options) => Promise.resolve(prepare(options)),
  };
}

async function build({ tag, context, dockerfile, args }: BuildOptions): Promise<void> {
  const buildArgs = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await shown('docker', ['build', '--network', 'host', '-t', tag, '-f', dockerfile, ...buildArgs, context]);
}

async function withFiles<T>(image: string, use: (root: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-image-'));
  const container = (await printed('docker', ['create', image])).trim();
  try {
    const archive = join(folder, 'root.tar');
    const root = join(folder, 'root');
    await printed('docker', ['export', '-o', archive, container]);
    await printed('mkdir', [root]);
    await printed('tar', ['-xf', archive, '-C', root]);
    return await use(root);
  } finally {
    await printed('docker', ['rm', container]);
    await rm(folder, { recursive: true, force: true });
  }
}

function prepare(options: ContainerOptions): PreparedContainer {
  const name = `asana-connector-${randomUUID()}`;
  const { image, command, args, environment, user, memoryBytes, files = {} } = options;
  const [entrypoint, ...first] = command ?? [];
  const flags = [
    ['--name', name],
    ['--network', 'host'],
    ['--read-only', '--tmpfs', '/tmp:rw,mode=1777'],
    ['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ['--memory', String(memoryBytes), '--memory-swap', String(memoryBytes)],
    user === undefined ? [] : ['--user', user],
    entrypoint === undefined ? [] : ['--entrypoint', entrypoint],
    ...Object.entries(environment).map(([variable, value]) => ['--env', `${variable}=${value}`]),
    ...Object.entries(files).map(([target, source]) => ['--volume', `${source}:${target}:ro`]),
  ];
  return {
    run: ['docker', 'run', ...flags.flat(), image, ...first, ...args],
    processId: async () => Number(await printed('docker', ['inspect', '-f', '{{.State.Pid}}', name])),
    terminate: async () => {
      await printed('docker', ['kill', '--signal', 'TERM', name]);
    },
    remove: async () => {
      await printed('docker', ['rm', '--force', name]);
    },
  };
}
