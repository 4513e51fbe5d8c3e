import { Command } from 'commander';
import type { Flags } from '../baton-settings/read-settings.ts';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { addSettings } from '../baton-settings/setting-flags.ts';
import { withGrpcExitCode } from '../command-line/exit-code.ts';

const GROUPS: readonly SettingGroup[] = ['asana', 'files', 'sync', 'logging', 'budget'];

/** `asana-connector sync -f FILE`: one sync into a c1z file, whether or not there are credentials of ConductorOne. */
export function syncCommand(signal: AbortSignal): Command {
  const command = new Command('sync')
    .description(
      'Syncs once into a c1z file. Into an existing one the sync is added, and the newest two full syncs stay.',
    )
    .action((flags: Flags) =>
      withGrpcExitCode(async () => {
        const { runConnector } = await import('./run-connector.ts');
        await runConnector({ flags, words: command.args, groups: GROUPS, signal });
      }),
    );
  return addSettings(command, GROUPS);
}
