import { Command } from 'commander';
import type { Flags } from '../baton-settings/read-settings.ts';
import { acceptGoFlags, addSettings } from '../baton-settings/setting-flags.ts';
import { addExamples } from '../command-line/examples.ts';
import type { Output } from '../command-line/output.ts';

/** `asana-connector capabilities`: prints what the connector can do with its settings, as JSON. */
export function capabilitiesCommand(output: Output = process.stdout): Command {
  const command = new Command('capabilities')
    .summary('Print the capabilities of the connector as JSON')
    .description(
      'Print what the connector can do with its settings (use-scim-api, provisioning) as JSON. Nothing is sent.',
    )
    .action(async (flags: Flags) => {
      const { readCapabilities } = await import('./print-capabilities.ts');
      output.write(`${await readCapabilities(flags, process.env)}\n`);
    });
  addSettings(command, ['asana']);
  addExamples(command, [
    'Print the capabilities with licenses and provisioning',
    'asana-connector capabilities --use-scim-api --provisioning',
  ]);
  return acceptGoFlags(command);
}
