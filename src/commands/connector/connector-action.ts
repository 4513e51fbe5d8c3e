import type { Command } from 'commander';
import type { Flags } from '../baton-settings/read-settings.ts';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { addSettings } from '../baton-settings/setting-flags.ts';
import { withGrpcExitCode } from '../command-line/exit-code.ts';

/** Has a command run what its settings ask for; it takes those of some groups. */
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
