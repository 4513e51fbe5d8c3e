import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BinarySource,
  ETCD_VERSION,
  KUBERNETES_VERSION,
  type Program,
  type Report,
} from './binary-source.ts';
import { cacheDirectory } from './cache.ts';
import { goSource } from './go-build.ts';
import { envtestSource, releaseSource } from './published.ts';

/** A source that must not be passed over: the person named it, and it is wrong. */
export class BinarySourceError extends Error {}

/** Programs are nowhere to be had; the message lists what was tried and what to install. */
export class BinariesNotFoundError extends Error {
  constructor(missing: readonly Program[], attempts: readonly string[]) {
    super(
      [
        `No ${missing.join(' and no ')} for the local control plane. Tried:`,
        ...attempts.map((attempt) => `  - ${attempt}`),
        'Do one of these, then try again:',
        '  - install Go 1.26 or newer (https://go.dev/dl/): the programs are then built once, in about three minutes;',
        '  - allow https://raw.githubusercontent.com, https://github.com and https://dl.k8s.io, where they are published;',
        `  - put ${missing.join(', ')} into a directory and name it in KUBEBUILDER_ASSETS.`,
      ].join('\n'),
    );
    this.name = 'BinariesNotFoundError';
  }
}

/** The directory programs built or downloaded for this control plane are kept in. */
export function binariesDirectory(): string {
  return cacheDirectory('controlplane', `${KUBERNETES_VERSION}-${ETCD_VERSION}`);
}

/**
 * Paths of the wanted programs, from the first source that has each: what the environment names
 * (`TEST_ASSET_*`, `KUBEBUILDER_ASSETS`, as controller-runtime's envtest reads them), the user's cache, the
 * published releases, and last a build by Go.
 *
 * @throws BinarySourceError when the environment names something that is not there
 * @throws BinariesNotFoundError when no source has one of them
 */
export async function resolveBinaries(
  wanted: readonly Program[],
  sources: readonly BinarySource[] = standardSources((line) => process.stderr.write(`${line}\n`)),
): Promise<ReadonlyMap<Program, string>> {
  const found = new Map<Program, string>();
  const attempts: string[] = [];
  for (const source of sources) {
    const missing = wanted.filter((program) => !found.has(program));
    if (missing.length === 0) return found;
    try {
      for (const [program, path] of await source.find(missing)) {
        // A source may bring more than it was asked for; what an earlier one has stays.
        if (missing.includes(program)) found.set(program, path);
      }
    } catch (error) {
      if (error instanceof BinarySourceError) throw error;
      attempts.push(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const missing = wanted.filter((program) => !found.has(program));
  if (missing.length > 0) throw new BinariesNotFoundError(missing, attempts);
  return found;
}

function standardSources(report: Report): BinarySource[] {
  return [
    environmentSource(process.env),
    directorySource('the cache', binariesDirectory()),
    envtestSource(report),
    releaseSource(binariesDirectory(), report),
    goSource(binariesDirectory(), report),
  ];
}

/** What `TEST_ASSET_<PROGRAM>` and `KUBEBUILDER_ASSETS` name. */
export function environmentSource(environment: NodeJS.ProcessEnv): BinarySource {
  return {
    name: 'KUBEBUILDER_ASSETS',
    async find(missing) {
      const found = new Map<Program, string>();
      for (const program of missing) {
        const variable = `TEST_ASSET_${program.toUpperCase().replaceAll('-', '_')}`;
        const named = environment[variable];
        const directory = environment['KUBEBUILDER_ASSETS'];
        const path = named || (directory && join(directory, program));
        if (!path) continue;
        if (await isExecutable(path)) found.set(program, path);
        // The published set that KUBEBUILDER_ASSETS usually names has no kube-controller-manager: look further for it.
        else if (named || program !== 'kube-controller-manager') {
          throw new BinarySourceError(
            `${named ? variable : 'KUBEBUILDER_ASSETS'} is set, but ${path} is not an executable file; correct or unset it`,
          );
        }
      }
      if (found.size === 0) throw new Error('not set');
      return found;
    },
  };
}

/** Programs lying in a directory. */
export function directorySource(name: string, directory: string): BinarySource {
  return {
    name,
    async find(missing) {
      const found = new Map<Program, string>();
      for (const program of missing) {
        const path = join(directory, program);
        if (await isExecutable(path)) found.set(program, path);
      }
      if (found.size === 0) throw new Error(`nothing in ${directory}`);
      return found;
    },
  };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
