import { Command, Option } from 'commander';
import { addAsanaFlags, readSelector } from '../asana-reading/asana-flags.ts';
import { addExamples } from '../command-line/examples.ts';
import { ExitError } from '../command-line/exit-code.ts';
import { nameOption, pathsOption } from '../command-line/flag-types.ts';
import type { PlanFlags } from './run-plan.ts';

const CHANGES_EXIT_CODE = 2;

/** The flags as given; without `--namespace`, the namespace depends on `--against`. */
type GivenFlags = Omit<PlanFlags, 'namespace'> & Partial<Pick<PlanFlags, 'namespace'>>;

/** `asana-connector plan`: shows what Apply would do, on a laptop or in a pull request. */
export function planCommand(signal: AbortSignal): Command {
  const command = new Command('plan')
    .summary('Show what applying manifests would change in Asana')
    .description(
      'Show what the operator would change in Asana if these manifests were applied in mode Apply. Nothing is changed. The exit code is 0 if there are no changes, 2 if there are changes, and 1 for errors.',
    )
    .optionsGroup('Manifests:')
    .addOption(
      pathsOption(
        '-f, --file <path>',
        'File or folder with manifests, or - for standard input. Repeatable. Required.',
      ).makeOptionMandatory(),
    )
    .option('--connector <path>', 'Manifest of the AsanaConnector, if --file contains none.')
    .addOption(
      nameOption(
        '-n, --namespace <namespace>',
        'Namespace of manifests that do not specify one. Defaults to default; with --against, to the namespace of the current kubeconfig context, as kubectl apply does.',
      ),
    )
    .optionsGroup('Cluster:')
    .addOption(
      new Option(
        '--against <what>',
        'Compare with the objects in the cluster of the current kubeconfig.',
      ).choices(['cluster']),
    )
    .addOption(
      new Option(
        '-l, --selector <labels>',
        'With --against: plan the deletion of only those missing grants that have these labels.',
      ).argParser(readSelector),
    )
    .option(
      '--no-prune',
      'With --against: do not plan the deletion of grants that are missing from the manifests.',
    )
    .optionsGroup('Options:')
    .addOption(
      new Option('-o, --output <format>', 'Output format.')
        .choices(['table', 'json', 'markdown'])
        .default('table'),
    );
  addExamples(
    command,
    ['Plan the manifests of a folder', 'ASANA_TOKEN=… asana-connector plan -f grants/'],
    [
      'Plan a pull request as Markdown, against the objects in the cluster',
      'asana-connector plan -f grants/ --against cluster --output markdown',
    ],
  );
  return addAsanaFlags(command).action(async (flags: GivenFlags) => {
    const [{ runPlan }, { readCluster }, { currentNamespace, loadKubeConfig }, { createLogger }] =
      await Promise.all([
        import('./run-plan.ts'),
        import('./cluster-reading.ts'),
        import('../../kubernetes/connection.ts'),
        import('../../telemetry/log.ts'),
      ]);
    const namespace =
      flags.namespace ?? (flags.against === 'cluster' ? currentNamespace(loadKubeConfig()) : 'default');
    const outcome = await runPlan(
      { ...flags, namespace },
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
