import { Command } from 'commander';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { runsConnector } from './connector-action.ts';

const GROUPS: readonly SettingGroup[] = ['asana', 'files', 'sync', 'logging', 'budget'];

/** `asana-connector sync -f FILE`: one sync into a c1z file, whether or not there are credentials of ConductorOne. */
export function syncCommand(signal: AbortSignal): Command {
  const command = new Command('sync').description(
    'Syncs once into a c1z file. Into an existing one the sync is added, and the newest two full syncs stay.',
  );
  return runsConnector(command, GROUPS, signal);
}
