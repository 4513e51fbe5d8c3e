import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';
import { printed } from './program.ts';

const run = promisify(execFile);

export interface BaseImages {
  /** Contains node and npm; the bundle is built in it. */
  readonly node: string;
  /** Contains node at /nodejs/bin/node; the program runs in it. */
  readonly runtime: string;
  /** True if both were built here, from Debian's packages and the npm package `node`. */
  readonly standIns: boolean;
}

/** The npm in the stand-in for the build image. */
const NPM = 'npm@11.19.1';

/** The libraries that Node is linked against, the time zones, and the files that identify the distribution. */
const RUNTIME_PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1', 'tzdata'];
/** A shell, `env`, and the libraries that these are linked against. */
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
 * Returns the base images of the Dockerfile from their registries, or stand-ins for both if one cannot be pulled.
 * @param wanted overrides the images that the Dockerfile names; such an image must exist
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

/** Returns the default of an argument of the Dockerfile. */
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
      // npm in the image trusts the authorities that this machine trusts.
      await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
      await copyFile(CERTIFICATES, join(root, CERTIFICATES));
    });
    return { node, runtime, standIns: true };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Builds an image from the files that `fill` lays out. It is named after the folder it is made in. */
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

/** Copies Node itself, which comes from the npm package `node`. */
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
