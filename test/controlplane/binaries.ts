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

/** The user configured a source, and it is invalid: resolving stops instead of trying the next source. */
export class BinarySourceError extends Error {}

/** No source has some of the programs; the message lists what was tried and what to install. */
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

/** Returns the directory for programs that are built or downloaded for this control plane. */
export function binariesDirectory(): string {
  return cacheDirectory('controlplane', `${KUBERNETES_VERSION}-${ETCD_VERSION}`);
}

/**
 * Returns the paths of the wanted programs, each from the first source that has it: the environment variables
 * (`TEST_ASSET_*`, `KUBEBUILDER_ASSETS`, like controller-runtime's envtest), the user's cache, the published releases,
 * and finally a build with Go.
 * @throws BinarySourceError if the environment names a file that does not exist
 * @throws BinariesNotFoundError if no source has one of the programs
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
        // A source may return more than requested; programs from an earlier source are kept.
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

/** Finds programs by `TEST_ASSET_<PROGRAM>` and `KUBEBUILDER_ASSETS`. */
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
        // The set that KUBEBUILDER_ASSETS usually names lacks kube-controller-manager: try other sources.
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

/** Finds programs in a directory. */
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
