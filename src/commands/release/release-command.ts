import { Command, Option } from 'commander';
import { addExamples } from '../command-line/examples.ts';
import { durationOption, nameOption, namespacesOption } from '../command-line/flag-types.ts';
import type { ReleaseFlags } from './run-release.ts';

/** `asana-connector release`: releases every grant, so that the operator can be uninstalled. */
export function releaseCommand(signal: AbortSignal): Command {
  const command = new Command('release')
    .summary('Release every grant before you uninstall the operator')
    .description(
      'Stop the operator and release every grant: remove its finalizer and forget what was applied. Nothing is changed in Asana. Run this command before you uninstall the operator, unless you use the chart, whose pre-delete hook runs it.',
    )
    .requiredOption('--all', 'Confirm that every grant is released. Required.')
    .addOption(
      namespacesOption(
        '--namespace <namespace>',
        'Release only the grants of this namespace. Repeatable. Default: all namespaces.',
      ).env('WATCH_NAMESPACES'),
    )
    .addOption(
      nameOption(
        '--leader-election-namespace <namespace>',
        'Namespace of the lease of the operator. Default: the namespace of the pod, otherwise that of the current context.',
      ).env('LEADER_ELECTION_NAMESPACE'),
    )
    .addOption(
      durationOption(
        '--action-timeout <duration>',
        'Time limit for one action in Asana. Must be the value of --action-timeout of the operator.',
        '60s',
      ).env('ACTION_TIMEOUT'),
    )
    .addOption(
      new Option(
        '-o, --output <format>',
        'Output format: text, or JSON lines. Default: text on a terminal, otherwise json.',
      ).choices(['text', 'json']),
    )
    .action(async (flags: ReleaseFlags) => {
      const { runRelease } = await import('./run-release.ts');
      await runRelease(flags, signal);
    });
  return addExamples(command, ['Release every grant of the cluster', 'asana-connector release --all']);
}
