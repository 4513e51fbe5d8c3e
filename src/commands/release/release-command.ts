import { Command, Option } from 'commander';
import { durationOption, listOption } from '../command-line/flag-types.ts';
import type { ReleaseFlags } from './run-release.ts';

/** `asana-connector release`: lets every grant go, so that the operator can be uninstalled. */
export function releaseCommand(signal: AbortSignal): Command {
  return new Command('release')
    .description(
      'Stops the operator and releases every grant: removes the finalizer and forgets what was applied. Changes nothing in Asana. Run it before you uninstall; the pre-delete hook of the chart does.',
    )
    .requiredOption('--all', 'confirm that every grant is to be released')
    .addOption(
      listOption(
        '--namespace <namespace>',
        'release only the grants of this namespace; repeatable; default all',
      ).env('WATCH_NAMESPACES'),
    )
    .addOption(
      new Option(
        '--leader-election-namespace <namespace>',
        "namespace of the operator's lease; default the pod's own, or that of the current context",
      ).env('LEADER_ELECTION_NAMESPACE'),
    )
    .addOption(
      durationOption(
        '--action-timeout <duration>',
        'how long one action of the operator in Asana may take: as the operator has it',
        '60s',
      ).env('ACTION_TIMEOUT'),
    )
    .addOption(
      new Option('-o, --output <format>', 'text or json lines; default text on a terminal').choices([
        'text',
        'json',
      ]),
    )
    .action(async (flags: ReleaseFlags) => {
      const { runRelease } = await import('./run-release.ts');
      await runRelease(flags, signal);
    });
}
