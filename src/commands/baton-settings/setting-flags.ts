import { type Command, Option } from 'commander';
import { type AcceptedSetting, acceptedSettings } from './accepted-settings.ts';
import type { Setting, SettingGroup } from './setting.ts';
import { settingsList } from './settings-table.ts';

/** Headings of the groups in the help. */
const HEADINGS: Readonly<Record<SettingGroup, string>> = {
  asana: 'Asana:',
  conductorOne: 'ConductorOne:',
  files: 'Files:',
  sync: 'Scope of a sync:',
  logging: 'Logging:',
  health: 'Health endpoints:',
  budget: 'Limits for requests to Asana:',
  oneShot: 'Single changes, without a client ID:',
};

/** Adds the flags of some groups to a command, each with its variables in the help. Their values are parsed later. */
export function addSettings(command: Command, groups: readonly SettingGroup[]): Command {
  for (const [, setting] of settingsList) {
    if (groups.includes(setting.group)) command.addOption(optionOf(setting));
  }
  return hideValues(command);
}

/**
 * Makes a command accept every flag of the Go connector, as each command of the Go connector does. Flags that the
 * command does not use are hidden from its help.
 */
export function acceptGoFlags(command: Command): Command {
  const taken = new Set(command.options.map(({ long }) => long));
  for (const option of [
    ...settingsList.map(([, setting]) => optionOf(setting)),
    ...acceptedSettings.flatMap(acceptedOption),
  ]) {
    if (!taken.has(option.long)) command.addOption(option.hideHelp());
  }
  return command;
}

/** Keeps values out of command line errors, because a value may be a token. */
function hideValues(command: Command): Command {
  return command.allowExcessArguments().configureOutput({
    outputError: (text, write) => write(text.replace(/(--[\w-]+)=[^']*/g, '$1=…')),
  });
}

function optionOf(setting: Setting<unknown>): Option {
  const { flag, short, shape, placeholder, description, variables, defaultText, group } = setting;
  const value = shape === 'switch' ? '[boolean]' : `<${placeholder ?? shape}>`;
  const fallback = defaultText === null ? '' : `; default ${defaultText}`;
  const option = new Option(
    `${short === undefined ? '' : `-${short}, `}--${flag} ${value}`,
    `${description} (env: ${variables.join(', ')}${fallback})`,
  ).helpGroup(HEADINGS[group]);
  // Go's pflag also accepts `-p=false`. Commander includes the equals sign in the value.
  if (short !== undefined) return option.argParser((text: string) => text.replace(/^=/, ''));
  if (shape !== 'list') return option;
  return option.argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? previous : []),
    text,
  ]);
}

function acceptedOption({ flag, shape, effect }: AcceptedSetting): Option[] {
  if (flag === null) return [];
  return [new Option(`--${flag} ${shape === 'switch' ? '[boolean]' : '<value>'}`, effect)];
}
