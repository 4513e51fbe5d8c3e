import { Command, Option } from 'commander';
import { addAsanaFlags, readSelector } from '../asana-reading/asana-flags.ts';
import { ExitError } from '../command-line/exit-code.ts';
import { listOption } from '../command-line/flag-types.ts';
import type { PlanFlags } from './run-plan.ts';

const CHANGES_EXIT_CODE = 2;

/** `asana-connector plan`: what Apply would do, from a laptop or in a pull request. */
export function planCommand(signal: AbortSignal): Command {
  const command = new Command('plan')
    .description(
      'Decides manifests against the real Asana as the operator would, and prints what mode Apply would change. Changes nothing. Exits with 0 for nothing to do, 2 for changes, 1 for every error.',
    )
    .addOption(
      listOption(
        '-f, --file <path>',
        'manifests: a file, a folder, or - for standard input; repeatable',
      ).makeOptionMandatory(),
    )
    .option('--connector <path>', 'manifest of the AsanaConnector, where --file has none')
    .option('-n, --namespace <namespace>', 'namespace of objects that name none', 'default')
    .addOption(
      new Option(
        '--against <what>',
        'compare with the objects that are there, by the current kubeconfig',
      ).choices(['cluster']),
    )
    .addOption(
      new Option(
        '-l, --selector <labels>',
        'with --against: only grants with these labels count as removed when the manifests lack them',
      ).argParser(readSelector),
    )
    .option('--no-prune', 'with --against: grants that the manifests lack stay')
    .addOption(
      new Option('-o, --output <format>', 'how the plan is printed')
        .choices(['table', 'json', 'markdown'])
        .default('table'),
    );
  return addAsanaFlags(command).action(async (flags: PlanFlags) => {
    const [{ runPlan }, { readCluster }, { createLogger }] = await Promise.all([
      import('./run-plan.ts'),
      import('./cluster-reading.ts'),
      import('../../telemetry/log.ts'),
    ]);
    const outcome = await runPlan(
      flags,
      {
        input: process.stdin,
        output: process.stdout,
        environment: process.env,
        readCluster,
        log: createLogger({ level: 'error', format: 'console' }),
      },
      signal,
    );
    if (outcome === 'Changes') throw new ExitError(CHANGES_EXIT_CODE, null);
    if (outcome === 'Faults') throw new ExitError(1, null);
  });
}
