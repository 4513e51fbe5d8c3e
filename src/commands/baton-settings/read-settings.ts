import type { ConfigFile } from './config-file.ts';
import type { SettingGroup } from './setting.ts';
import { type Settings, settingsList } from './settings-table.ts';

/** Flags from the command line: a text, `true` for a flag without a value, or a list for a repeated flag. */
export type Flags = Readonly<Record<string, string | true | readonly string[] | undefined>>;

export interface Sources {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile | null;
}

/**
 * Reads the settings of some groups. Flags take precedence over variables, the file and defaults, in this order, as in
 * Go's connectors. Empty values count as unset. Settings of other groups always have their defaults.
 * @throws InvalidInputError naming the flag, variable or key
 */
export function readSettings(groups: readonly SettingGroup[], sources: Sources): Settings {
  const values = settingsList.map(([name, setting]) => {
    const given = groups.includes(setting.group) ? find(name, setting, sources) : null;
    return [name, given ? setting.read(given.text, given.origin) : setting.fallback];
  });
  return Object.fromEntries(values) as Settings;
}

/** The value that a source gives to a setting. */
export interface Given {
  readonly text: string;
  /** The flag, variable or key it came from. */
  readonly origin: string;
}

/** Returns the value from the first source that sets it; `null` if none does. */
export function find(
  name: string,
  setting: { readonly flag: string | null; readonly variables: readonly string[] },
  sources: Sources,
): Given | null {
  for (const { text, origin } of candidates(name, setting, sources)) {
    const trimmed = text?.trim() ?? '';
    if (trimmed !== '') return { text: trimmed, origin };
  }
  return null;
}

function* candidates(
  name: string,
  { flag, variables }: { readonly flag: string | null; readonly variables: readonly string[] },
  { flags, environment, file }: Sources,
): Generator<{ readonly text: string | undefined; readonly origin: string }> {
  yield { text: flags[name]?.toString(), origin: `--${flag}` };
  for (const variable of variables) yield { text: environment[variable], origin: variable };
  if (file && flag !== null) yield { text: file.values.get(flag), origin: `${flag} in ${file.path}` };
}
