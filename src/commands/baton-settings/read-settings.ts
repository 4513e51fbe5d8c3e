import type { ConfigFile } from './config-file.ts';
import type { Setting, SettingGroup } from './setting.ts';
import { type Settings, settingsList } from './settings-table.ts';

/** Flags as the command line gives them: text, `true` for one without value, a list for a repeated one. */
export type Flags = Readonly<Record<string, string | true | readonly string[] | undefined>>;

export interface Sources {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile | null;
}

/**
 * The settings of some groups: flags before variables before the file before defaults, as Go's connectors do.
 * What is empty counts as not there. Settings of other groups have their defaults, whatever the sources say.
 * @throws InvalidInputError naming the flag, variable or key
 */
export function readSettings(groups: readonly SettingGroup[], sources: Sources): Settings {
  const values = settingsList.map(([name, setting]) => {
    const given = groups.includes(setting.group) ? find(name, setting, sources) : null;
    return [name, given ? setting.read(given.text, given.origin) : setting.fallback];
  });
  return Object.fromEntries(values) as Settings;
}

/** Services of Kubernetes named `baton-…` put such variables into every pod of their namespace. */
const SERVICE_LINK = /^BATON_\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;
const MOST_NAMES = 20;

/** The variables that look like settings of a connector and are none of this one's; the first twenty names. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set(['BATON_CONFIG_PATH', ...settingsList.flatMap(([, { variables }]) => variables)]);
  return Object.keys(environment)
    .filter((name) => name.startsWith('BATON_') && !known.has(name) && !SERVICE_LINK.test(name))
    .sort()
    .slice(0, MOST_NAMES);
}

interface Given {
  readonly text: string;
  readonly origin: string;
}

function find(name: string, setting: Setting<unknown>, sources: Sources): Given | null {
  for (const { text, origin } of candidates(name, setting, sources)) {
    const trimmed = text?.trim() ?? '';
    if (trimmed !== '') return { text: trimmed, origin };
  }
  return null;
}

function* candidates(
  name: string,
  { flag, variables }: Setting<unknown>,
  { flags, environment, file }: Sources,
): Generator<{ readonly text: string | undefined; readonly origin: string }> {
  yield { text: flags[name]?.toString(), origin: `--${flag}` };
  for (const variable of variables) yield { text: environment[variable], origin: variable };
  if (file) yield { text: file.values.get(flag), origin: `${flag} in ${file.path}` };
}
