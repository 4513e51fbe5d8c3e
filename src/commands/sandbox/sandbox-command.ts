import { Command, type Option } from 'commander';
import { untilAborted } from '../../core/abort.ts';
import { addExamples } from '../command-line/examples.ts';
import { integerOption } from '../command-line/flag-types.ts';
import type { Output } from '../command-line/output.ts';

interface SandboxFlags {
  readonly port: number;
  readonly controlPort: number;
  readonly conductoronePort: number;
  readonly accounts: number;
  readonly teams: number;
  readonly membersPerTeam: number;
  readonly latency: number;
  readonly seed: number;
  readonly requestsPerMinute: number;
}

/**
 * `asana-connector sandbox`: runs a simulated Asana and a simulated ConductorOne on loopback until `signal` aborts.
 * When they are ready, it prints one line of JSON: `{ asanaUrl, controlUrl, workspace, tokens, conductorOne }`.
 */
export function sandboxCommand(signal: AbortSignal, output: Output = process.stdout): Command {
  const command = new Command('sandbox')
    .summary('Run a simulated Asana and a simulated ConductorOne')
    .description(
      'Run a simulated Asana and a simulated ConductorOne on loopback, for development, demonstrations and tests. One line of JSON is printed when they are ready.',
    )
    .addOption(
      countOption('--port <number>', 'Port of the simulated Asana; 0 for any free port.', 'PORT', 0, 65_535),
    )
    .addOption(
      countOption(
        '--control-port <number>',
        'Port of its control endpoint; 0 for any free port.',
        'CONTROL_PORT',
        0,
        65_535,
      ),
    )
    .addOption(
      countOption(
        '--conductorone-port <number>',
        'Port of the simulated ConductorOne; 0 for any free port.',
        'CONDUCTORONE_PORT',
        0,
        65_535,
      ),
    )
    .addOption(
      countOption('--accounts <number>', 'Number of people in the organization.', 'ACCOUNTS', 40, 500_000),
    )
    .addOption(countOption('--teams <number>', 'Number of teams in the organization.', 'TEAMS', 6, 100_000))
    .addOption(
      countOption(
        '--members-per-team <number>',
        'Number of people in each team.',
        'MEMBERS_PER_TEAM',
        8,
        5000,
      ),
    )
    .addOption(countOption('--latency <milliseconds>', 'Delay of each response.', 'LATENCY', 0, 600_000))
    .addOption(
      countOption(
        '--seed <number>',
        'Seed of the directory: the same seed creates the same directory.',
        'SEED',
        1,
        4_294_967_295,
      ),
    )
    .addOption(
      countOption(
        '--requests-per-minute <number>',
        'Number of requests that a token may send within 60 seconds; 0 for no limit.',
        'REQUESTS_PER_MINUTE',
        1500,
        10_000_000,
      ),
    )
    .action((flags: SandboxFlags) => runSandbox(flags, signal, output));
  return addExamples(command, [
    'Simulate an organization of 2,000 people, with 50 ms of latency',
    'asana-connector sandbox --accounts 2000 --teams 200 --latency 50',
  ]);
}

async function runSandbox(flags: SandboxFlags, signal: AbortSignal, output: Output): Promise<void> {
  if (signal.aborted) return;
  // Imported on demand, so that the operator does not keep an HTTP framework in memory.
  const { startSandbox } = await import('../../sandbox/server.ts');
  const { latency, conductoronePort, ...options } = flags;
  const sandbox = await startSandbox({
    ...options,
    latencyMs: latency,
    conductorOnePort: conductoronePort,
  });
  try {
    const { asanaUrl, controlUrl, workspace, tokens } = sandbox;
    const { url, clientId, clientSecret, caFile } = sandbox.conductorOne;
    const conductorOne = { url, clientId, clientSecret, caFile };
    output.write(`${JSON.stringify({ asanaUrl, controlUrl, workspace, tokens, conductorOne })}\n`);
    await untilAborted(signal);
  } finally {
    await sandbox.close();
  }
}

/** Returns an option for an integer of at least 0. Its environment variable is `SANDBOX_` followed by `variable`. */
function countOption(
  flags: string,
  description: string,
  variable: string,
  fallback: number,
  max: number,
): Option {
  return integerOption(flags, description, { min: 0, max }).env(`SANDBOX_${variable}`).default(fallback);
}
