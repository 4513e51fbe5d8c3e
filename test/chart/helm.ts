import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { helmPath } from '../controlplane/tools.ts';

/** The chart under test. */
export const CHART = join(import.meta.dirname, '../../charts/asana-connector');

/** The namespace and the name of the release that the tests render and install. */
export const NAMESPACE = 'iga';
export const RELEASE = 'acme';

/** A rendered Kubernetes object; its other fields are read by path. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Values of the chart, as in a values file. */
export type Values = Readonly<Record<string, unknown>>;

/** Runs helm; rejects with its stderr. With `values`, helm reads them from stdin (`-f -`). */
export async function helm(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  values?: Values,
): Promise<string> {
  const running = promisify(execFile)(await helmPath(), values ? [...args, '-f', '-'] : args, {
    env: { ...process.env, ...env },
    maxBuffer: 16 * 1024 * 1024,
  });
  running.child.stdin?.end(values ? JSON.stringify(values) : undefined);
  return (await running).stdout;
}

/** Returns the objects that the chart installs with these `--set` values, without hooks. */
export async function render(...set: string[]): Promise<Rendered[]> {
  return (await renderAll(set)).filter((object) => !isHook(object));
}

/** Returns the objects, including hooks, that the chart renders from a values file. */
export async function renderValues(values: Values, ...flags: string[]): Promise<Rendered[]> {
  return objectsIn(await helm(['template', RELEASE, CHART, '--namespace', NAMESPACE, ...flags], {}, values));
}

/** Returns the chart's hooks for these `--set` values, ordered by weight. */
export async function renderHooks(...set: string[]): Promise<Rendered[]> {
  return (await renderAll(set)).filter(isHook).toSorted((a, b) => weightOf(a) - weightOf(b));
}

function isHook({ metadata }: Rendered): boolean {
  return metadata.annotations?.['helm.sh/hook'] !== undefined;
}

function weightOf({ metadata }: Rendered): number {
  return Number(metadata.annotations?.['helm.sh/hook-weight'] ?? 0);
}

async function renderAll(set: readonly string[]): Promise<Rendered[]> {
  const flags = set.flatMap((value) => ['--set', value]);
  return objectsIn(await helm(['template', RELEASE, CHART, '--namespace', NAMESPACE, ...flags]));
}

/** Parses the objects that helm prints. */
export function objectsIn(manifests: string): Rendered[] {
  return parseAllDocuments(manifests).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

/** Returns the value at a path of property names and indexes; undefined if the path ends early. */
export function at(object: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    object,
  );
}

/** Returns the arguments of the first container of the only workload of a kind. */
export function argsOf(objects: readonly Rendered[], kind: 'Deployment' | 'Job'): string[] {
  return at(only(objects, kind), 'spec', 'template', 'spec', 'containers', 0, 'args') as string[];
}

/** Returns the only object of a kind. @throws Error if there are several or none */
export function only(objects: readonly Rendered[], kind: string): Rendered {
  const matching = objects.filter((object) => object.kind === kind);
  if (matching.length !== 1 || !matching[0])
    throw new Error(`expected one ${kind}, found ${matching.length}`);
  return matching[0];
}
