import { Command } from 'commander';
import type { Flags } from '../baton-settings/read-settings.ts';
import { acceptGoFlags, addSettings } from '../baton-settings/setting-flags.ts';
import type { Output } from '../command-line/output.ts';

/** `asana-connector capabilities`: what the connector can do under its settings, as JSON on standard output. */
export function capabilitiesCommand(output: Output = process.stdout): Command {
  const command = new Command('capabilities')
    .description(
      'Prints what the connector can do under its settings (use-scim-api, provisioning), as JSON. Sends nothing.',
    )
    .action(async (flags: Flags) => {
      const { readCapabilities } = await import('./print-capabilities.ts');
      output.write(`${await readCapabilities(flags, process.env)}\n`);
    });
  return acceptGoFlags(addSettings(command, ['asana']));
}
