import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';
import { printed } from './program.ts';

const run = promisify(execFile);

export interface BaseImages {
  /** Has node and npm; the bundle is built in it. */
  readonly node: string;
  /** Has node at /nodejs/bin/node; the program runs in it. */
  readonly runtime: string;
  /** Whether both were put together here, of Debian's packages and the npm package `node`. */
  readonly standIns: boolean;
}

/** The npm of the stand-in for the image that the bundle is built in. */
const NPM = 'npm@11.19.1';

/** What Node is linked against, the time zones, and what a Debian says about itself. */
const RUNTIME_PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1', 'tzdata'];
/** A shell, `env`, and what these are linked against. */
const BUILD_PACKAGES = [
  'dash',
  'coreutils',
  'libselinux1',
  'libpcre2-8-0',
  'libacl1',
  'libattr1',
  'libgmp10',
];

const USERS =
  'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
const GROUPS = 'root:x:0:\nnonroot:x:65532:\n';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * The base images of the Dockerfile, from their registries; stand-ins for both where one of them cannot be had.
 * @param wanted overrides what the Dockerfile names; such an image has to be there
 */
export async function baseImages(
  engine: Engine,
  dockerfile: string,
  wanted: { readonly node?: string | undefined; readonly runtime?: string | undefined },
): Promise<BaseImages> {
  const text = await readFile(dockerfile, 'utf8');
  const node = wanted.node ?? defaultOf(text, 'NODE_IMAGE');
  const runtime = wanted.runtime ?? defaultOf(text, 'RUNTIME_IMAGE');
  if (wanted.node !== undefined || wanted.runtime !== undefined) return { node, runtime, standIns: false };
  if ((await engine.pull(node)) && (await engine.pull(runtime))) return { node, runtime, standIns: false };
  return makeStandIns(engine);
}

/** The default of an argument of the Dockerfile. */
function defaultOf(dockerfile: string, name: string): string {
  const value = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(dockerfile)?.[1];
  if (value === undefined) throw new Error(`the Dockerfile gives ${name} no default`);
  return value;
}

async function makeStandIns(engine: Engine): Promise<BaseImages> {
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-base-'));
  try {
    const runtime = await makeImage(engine, join(folder, 'runtime'), 'PATH=/nodejs/bin', async (root) => {
      await unpackPackages(root, RUNTIME_PACKAGES);
      await addNode(root, 'nodejs');
      await writeFile(join(root, 'etc/passwd'), USERS);
      await writeFile(join(root, 'etc/group'), GROUPS);
    });
    const environment = `PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=${CERTIFICATES}`;
    const node = await makeImage(engine, join(folder, 'node'), environment, async (root) => {
      await unpackPackages(root, [...RUNTIME_PACKAGES, ...BUILD_PACKAGES]);
      await addNode(root, 'usr/local');
      await addNpm(root);
      // npm in there trusts whom this machine trusts.
      await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
      await copyFile(CERTIFICATES, join(root, CERTIFICATES));
    });
    return { node, runtime, standIns: true };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image of the files that `fill` lays out; it is called after the folder it is made in. */
async function makeImage(
  engine: Engine,
  context: string,
  environment: string,
  fill: (root: string) => Promise<void>,
): Promise<string> {
  const root = join(context, 'root');
  await mkdir(root, { recursive: true });
  await fill(root);
  const dockerfile = join(context, 'Dockerfile');
  await writeFile(dockerfile, `FROM scratch\nCOPY root/ /\nENV ${environment}\n`);
  const tag = `localhost/asana-connector-base-${basename(context)}:stand-in`;
  await engine.build({ tag, context, dockerfile, args: {} });
  return tag;
}

async function unpackPackages(root: string, packages: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-packages-'));
  try {
    await run('apt-get', ['download', '-q', ...packages], { cwd: folder });
    for (const file of await readdir(folder))
      await printed('dpkg-deb', ['--extract', join(folder, file), root]);
  } catch (cause) {
    throw new Error(
      'The base images can be had from no registry, and putting stand-ins together needs the packages of Debian ' +
        'or Ubuntu. Log in to the registries, or name images with --node-image and --runtime-image.',
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Node itself, as the npm package `node` has it. */
async function addNode(root: string, prefix: string): Promise<void> {
  await mkdir(join(root, prefix, 'bin'), { recursive: true });
  await copyFile(process.execPath, join(root, prefix, 'bin/node'));
}

async function addNpm(root: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'asana-connector-npm-'));
  try {
    await printed('npm', ['install', '--prefix', folder, '--no-save', '--no-fund', '--no-audit', NPM]);
    const modules = join(root, 'usr/local/lib/node_modules');
    await mkdir(modules, { recursive: true });
    await cp(join(folder, 'node_modules/npm'), join(modules, 'npm'), { recursive: true });
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
