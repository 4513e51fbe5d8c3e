import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { codeOf, InvalidInputError } from '../../core/errors.ts';
import { acceptedSettings } from './accepted-settings.ts';
import { scalarText } from './scalar-text.ts';
import type { Setting } from './setting.ts';
import { settingsList } from './settings-table.ts';

/** The contents of `.baton.yaml`, by flag name. */
export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
  /** Keys that are settings neither of this connector nor of the Go connector. */
  readonly unknown: readonly string[];
}

const DEFAULT_PATH = '.baton.yaml';
const LARGEST_BYTES = 1024 * 1024;
const LISTS: ReadonlySet<string> = new Set(
  settingsList.flatMap(([, { flag, shape }]: readonly [string, Setting<unknown>]) =>
    shape === 'list' ? [flag] : [],
  ),
);
const KNOWN: ReadonlySet<string | null> = new Set([
  ...settingsList.map(([, { flag }]) => flag),
  ...acceptedSettings.map(({ flag }) => flag),
]);

/**
 * Reads the configuration file of Go's connectors: flag names and their values, in YAML. Its path is
 * `BATON_CONFIG_PATH`, or else `.baton.yaml` in the working directory, if that exists.
 * @throws InvalidInputError if the file cannot be read; the message repeats nothing of it, since it may contain secrets
 */
export async function readConfigFile(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ConfigFile | null> {
  const named = environment['BATON_CONFIG_PATH'] ?? '';
  const path = named === '' ? DEFAULT_PATH : named;
  const text = await readText(path, named !== '');
  if (text === null) return null;
  const values = new Map<string, string>();
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(parseMapping(path, text))) {
    const name = key.toLowerCase();
    if (KNOWN.has(name)) values.set(name, textOf(path, name, value));
    else unknown.push(key);
  }
  return { path, values, unknown };
}

async function readText(path: string, named: boolean): Promise<string | null> {
  const field = named ? 'BATON_CONFIG_PATH' : path;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (!named && codeOf(cause) === 'ENOENT') return null;
    throw new InvalidInputError(field, `cannot read ${path}: correct the path or its permissions`, { cause });
  }
  if (text.length <= LARGEST_BYTES) return text;
  throw new InvalidInputError(field, `${path} is larger than 1 MiB: it is not a configuration file`);
}

function parseMapping(path: string, text: string): Readonly<Record<string, unknown>> {
  // A JavaScript number cannot represent every gid of 17 digits.
  const document = parseDocument(text, { intAsBigInt: true });
  // The YAML parser's own message would show the line, and any secret in it.
  const place = document.errors[0]?.linePos?.[0].line;
  if (place !== undefined) throw new InvalidInputError(path, `line ${place} is not valid YAML: correct it`);
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 });
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return { ...value };
  throw new InvalidInputError(
    path,
    'must contain names of flags with their values, such as "log-level: debug"',
  );
}

function textOf(path: string, name: string, value: unknown): string {
  if (value === null) return '';
  const text = scalarText(value);
  // Several items in one text may be separated by white space, as in a variable. The items of a YAML list are separate.
  if (text !== null) return LISTS.has(name) ? text.trim().replace(/[\s,]+/g, ',') : text;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(',');
  throw new InvalidInputError(`${name} in ${path}`, 'must be a single value, or a list of words');
}
