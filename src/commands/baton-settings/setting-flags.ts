import { type Command, Option } from 'commander';
import type { Setting, SettingGroup } from './setting.ts';
import { settingsList } from './settings-table.ts';

/** Gives a command the flags of some groups, each with its variable in the help. Their texts are read later. */
export function addSettings(command: Command, groups: readonly SettingGroup[]): Command {
  for (const [, setting] of settingsList) {
    if (groups.includes(setting.group)) command.addOption(optionOf(setting));
  }
  return hideValues(command);
}

/** What is wrong with a command line may hold a token: complaints name flags and never what is written beside them. */
function hideValues(command: Command): Command {
  return command.allowExcessArguments().configureOutput({
    outputError: (text, write) => write(text.replace(/(--[\w-]+)=[^']*/g, '$1=…')),
  });
}

function optionOf({
  flag,
  short,
  shape,
  placeholder,
  description,
  variables,
  defaultText,
}: Setting<unknown>): Option {
  const value = shape.kind === 'switch' ? '[boolean]' : `<${placeholder ?? shape.kind}>`;
  const fallback = defaultText === null ? '' : `; default ${defaultText}`;
  const option = new Option(
    `${short === undefined ? '' : `-${short}, `}--${flag} ${value}`,
    `${description} (env: ${variables.join(', ')}${fallback})`,
  );
  // Go's pflag takes `-p=false` too, where commander makes the equals sign a part of the value.
  if (short !== undefined) return option.argParser((text: string) => text.replace(/^=/, ''));
  if (shape.kind !== 'list') return option;
  return option.argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? previous : []),
    text,
  ]);
}
