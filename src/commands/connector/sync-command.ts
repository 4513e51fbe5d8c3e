import { Command } from 'commander';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { addExamples } from '../command-line/examples.ts';
import { runsConnector } from './connector-action.ts';

const GROUPS: readonly SettingGroup[] = ['asana', 'files', 'sync', 'logging', 'budget'];

/** `asana-connector sync -f FILE`: makes one sync into a c1z file, even if there are credentials of ConductorOne. */
export function syncCommand(signal: AbortSignal): Command {
  const command = new Command('sync')
    .summary('Sync once into a c1z file')
    .description(
      'Sync once into a c1z file. If the file exists, the sync is added to it, and its newest two full syncs are kept.',
    );
  runsConnector(command, GROUPS, signal);
  return addExamples(command, [
    'Sync with licenses, which need a service account',
    'BATON_TOKEN=… asana-connector sync -f acme.c1z --use-service-account --use-scim-api',
  ]);
}
