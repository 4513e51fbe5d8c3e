import { Command, InvalidArgumentError, Option } from 'commander';
import { grantKinds } from '../../api/kinds.ts';
import { addAsanaFlags } from '../asana-reading/asana-flags.ts';
import { addExamples } from '../command-line/examples.ts';
import { nameOption } from '../command-line/flag-types.ts';
import type { ExportFlags } from './run-export.ts';

/** `asana-connector export`: writes the access that people have in Asana as manifests of grants that adopt it. */
export function exportCommand(signal: AbortSignal): Command {
  const command = new Command('export')
    .summary('Write existing access as manifests')
    .description(
      'Write the access that people have in Asana as manifests, one grant for each license, team and workspace. Nothing is changed. If a part of the directory cannot be read, licenses included, the command fails. If you apply the manifests, the operator adopts the access as it is.',
    )
    .optionsGroup('Manifests:')
    .requiredOption(
      '-f, --connector <path>',
      'Manifest of the AsanaConnector, which says what is read, or - for standard input. Required.',
    )
    .addOption(
      new Option(
        '--kind <kind>',
        'Write only grants of this kind, given by name or short name. Repeatable.',
      ).argParser(readKind),
    )
    .option(
      '--unmanaged',
      'Write only access that no grant in the cluster of the current kubeconfig declares.',
    )
    .option('--output-dir <path>', 'Folder to write one file for each object to. Default: standard output.')
    .addOption(
      nameOption(
        '-n, --namespace <namespace>',
        'Namespace of the connector, if its manifest does not specify one.',
      ).default('default'),
    );
  addExamples(
    command,
    ['Write everything that people have', 'ASANA_TOKEN=… asana-connector export -f acme.yaml > grants.yaml'],
    [
      'Write the licenses that no grant in the cluster declares, a file for each',
      'asana-connector export -f acme.yaml --kind alg --unmanaged --output-dir grants/',
    ],
  );
  return addAsanaFlags(command).action(async (flags: ExportFlags) => {
    const [{ runExport }, { readCluster }, { createLogger }] = await Promise.all([
      import('./run-export.ts'),
      import('../plan/cluster-reading.ts'),
      import('../../telemetry/log.ts'),
    ]);
    const { stdin: input, stdout: output, stderr: errors, env: environment } = process;
    const log = createLogger({ level: 'error', format: 'console' });
    await runExport(flags, { input, output, errors, environment, readCluster, log }, signal);
  });
}

function readKind(text: string, previous: unknown): string[] {
  const word = text.toLowerCase();
  const kind = grantKinds.find(({ names: { kind, singular, plural, shortName } }) =>
    [kind.toLowerCase(), singular, plural, shortName].includes(word),
  );
  if (kind) return [...(Array.isArray(previous) ? (previous as string[]) : []), kind.names.kind];
  throw new InvalidArgumentError(
    `It must be one of ${grantKinds.map(({ names }) => names.kind).join(', ')}.`,
  );
}
