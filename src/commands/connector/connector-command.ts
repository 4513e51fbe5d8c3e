import { Command } from 'commander';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { acceptGoFlags } from '../baton-settings/setting-flags.ts';
import { addExamples } from '../command-line/examples.ts';
import { runsConnector } from './connector-action.ts';

const GROUPS: readonly SettingGroup[] = [
  'asana',
  'conductorOne',
  'files',
  'sync',
  'logging',
  'health',
  'budget',
  'oneShot',
];

/**
 * `asana-connector connector`: runs the connector without Kubernetes, with the flags and variables of ConductorOne's
 * own connector. Without a sub-command, the program runs this one.
 */
export function connectorCommand(signal: AbortSignal): Command {
  const command = new Command('connector')
    .summary('Run the connector as a replacement for baton-asana (default)')
    .description(
      'Run the connector with the flags and variables of baton-asana. With a client ID and a client secret, it runs in the service mode of ConductorOne. Without them, it makes one sync into a file, or a single change, and exits. A flag takes precedence over its variable, and a variable over the file .baton.yaml (or the file that BATON_CONFIG_PATH names). Each change in Asana is written to standard output as a line of JSON. All other flags and variables of baton-asana are accepted; a warning in the log says what happens instead. Only a request for something that this connector does not do, such as --delete-resource, is refused.',
    );
  runsConnector(command, GROUPS, signal);
  addExamples(
    command,
    [
      'Run in service mode',
      'BATON_TOKEN=… BATON_CLIENT_ID=… BATON_CLIENT_SECRET=… asana-connector --provisioning',
    ],
    ['Sync once into a file', 'BATON_TOKEN=… asana-connector -f sync.c1z'],
    [
      'Grant an enterprise license to a user of the file',
      'asana-connector -f sync.c1z --grant-entitlement enterprise --grant-principal 1200000000000001 --grant-principal-type user',
    ],
  );
  return acceptGoFlags(command);
}
