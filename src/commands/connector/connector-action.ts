import type { Command } from 'commander';
import type { Flags } from '../baton-settings/read-settings.ts';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { addSettings } from '../baton-settings/setting-flags.ts';
import { withGrpcExitCode } from '../command-line/exit-code.ts';

/** Makes a command accept the settings of some groups and run the connector with them. */
export function runsConnector(
  command: Command,
  groups: readonly SettingGroup[],
  signal: AbortSignal,
): Command {
  const run = (flags: Flags) =>
    withGrpcExitCode(async () => {
      const { runConnector } = await import('./run-connector.ts');
      await runConnector({ flags, words: command.args, groups, signal });
    });
  return addSettings(command.action(run), groups);
}
