import type { ConfigFile } from './config-file.ts';
import type { SettingGroup } from './setting.ts';
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

/** What a source says. */
export interface Given {
  readonly text: string;
  /** The flag, variable or key it came from. */
  readonly origin: string;
}

/** What the first source says that has anything to say; null when none does. */
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
