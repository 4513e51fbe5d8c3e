import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../api/duration.ts';
import type { Flags } from '../baton-settings/read-settings.ts';
import { acceptGoFlags, addSettings } from '../baton-settings/setting-flags.ts';
import { addExamples } from '../command-line/examples.ts';
import type { HealthEndpoint } from './ask-health.ts';

interface HealthCheckFlags {
  readonly endpoint: HealthEndpoint;
  /** Milliseconds. */
  readonly timeout: number;
}

const LONGEST_MS = 600_000;

/** `asana-connector health-check`: checks the health server of a running connector. The exit code is 0 or 1. */
export function healthCheckCommand(signal: AbortSignal): Command {
  const command = new Command('health-check')
    .summary('Check the health of a running connector')
    .description(
      'Check the health of a connector that runs with --health-check. The exit code is 0 if the endpoint answers with status 200, and 1 otherwise.',
    )
    .addOption(
      new Option('--endpoint <endpoint>', 'Endpoint to check.')
        .choices(['health', 'ready', 'live'])
        .default('health'),
    )
    .addOption(
      new Option('--timeout <seconds>', 'Maximum time to wait for the response, in seconds or as a duration.')
        .argParser(readTimeout)
        .default(readTimeout('5'), '5'),
    )
    .action(async (flags: Flags & HealthCheckFlags) => {
      const { checkHealth } = await import('./ask-health.ts');
      const { endpoint, timeout: timeoutMs } = flags;
      await checkHealth({ endpoint, timeoutMs, flags }, process.env, signal);
    });
  addSettings(command, ['health']);
  addExamples(command, [
    'Check within a second that the connector is ready',
    'asana-connector health-check --endpoint ready --timeout 1',
  ]);
  return acceptGoFlags(command);
}

/** Parses a number of seconds, as in the Go connector, or a duration such as `500ms`. */
function readTimeout(text: string): number {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms !== null && ms > 0 && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError(
    'It must be a number of seconds from 1 to 600, or a duration such as 500ms.',
  );
}
