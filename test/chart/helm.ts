import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { helmPath } from '../controlplane/tools.ts';

/** The chart under test. */
export const CHART = join(import.meta.dirname, '../../charts/asana-connector');

/** Namespace and name the tests render and install the release under. */
export const NAMESPACE = 'iga';
export const RELEASE = 'acme';

/** A rendered Kubernetes object; what lies in it is read by path. */
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

/** Runs helm; rejects with what it wrote to stderr. */
export async function helm(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(await helmPath(), args, {
    env: { ...process.env, ...env },
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

/** The objects the chart installs with the given `--set` values. */
export async function render(...set: string[]): Promise<Rendered[]> {
  return (await renderAll(set)).filter((object) => !isHook(object));
}

/** What the chart runs around an installation or its end with the given `--set` values, by weight. */
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
  const output = await helm([
    'template',
    RELEASE,
    CHART,
    '--namespace',
    NAMESPACE,
    ...set.flatMap((value) => ['--set', value]),
  ]);
  return parseAllDocuments(output).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

/** What is at a path of property names and indexes; undefined when the path ends early. */
export function at(object: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    object,
  );
}

/** The only object of a kind; throws when there are several or none. */
export function only(objects: readonly Rendered[], kind: string): Rendered {
  const matching = objects.filter((object) => object.kind === kind);
  if (matching.length !== 1 || !matching[0])
    throw new Error(`expected one ${kind}, found ${matching.length}`);
  return matching[0];
}
