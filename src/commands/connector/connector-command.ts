import { Command } from 'commander';
import type { SettingGroup } from '../baton-settings/setting.ts';
import { acceptGoFlags } from '../baton-settings/setting-flags.ts';
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
 * `asana-connector connector`: the connector without Kubernetes, with the flags and variables of ConductorOne's own;
 * and what no sub-command means.
 */
export function connectorCommand(signal: AbortSignal): Command {
  const command = new Command('connector').description(
    "Runs the connector without Kubernetes, configured as baton-asana is: with a client ID and secret in ConductorOne's service mode, else one sync into a file, or one change. Flags come before variables, and those before .baton.yaml (or the file BATON_CONFIG_PATH names). Standard output has one JSON line for each change in Asana; logs go to standard error.",
  );
  return acceptGoFlags(runsConnector(command, GROUPS, signal));
}
