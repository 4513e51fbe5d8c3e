import { Command } from 'commander';
import type { Flags } from '../baton-settings/read-settings.ts';
import { addSettings } from '../baton-settings/setting-flags.ts';

/** `asana-connector health-check`: asks the health server of a running connector; exit code 0 or 1. */
export function healthCheckCommand(signal: AbortSignal): Command {
  const command = new Command('health-check')
    .description('Asks a connector that runs with --health-check whether it is well: exit code 0, or 1.')
    .action(async (flags: Flags) => {
      const { checkHealth } = await import('./ask-health.ts');
      await checkHealth(flags, process.env, signal);
    });
  return addSettings(command, ['health']);
}
