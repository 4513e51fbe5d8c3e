import { Command, InvalidArgumentError, Option } from 'commander';
import { grantKinds } from '../../api/kinds.ts';
import { addAsanaFlags } from '../asana-reading/asana-flags.ts';
import type { ExportFlags } from './run-export.ts';

/** `asana-connector export`: what people have in Asana, as manifests ready to adopt. */
export function exportCommand(signal: AbortSignal): Command {
  const command = new Command('export')
    .description(
      'Writes what people have in Asana as manifests, one grant a right, ready to be adopted. Changes nothing; applied, an export plans nothing.',
    )
    .requiredOption(
      '-f, --connector <path>',
      'manifest of the AsanaConnector, which says what is read; - for standard input',
    )
    .addOption(
      new Option(
        '--kind <kind>',
        'only grants of this kind, by its name or short name; repeatable',
      ).argParser(readKind),
    )
    .option('--unmanaged', 'only what no grant of the cluster declares, by the current kubeconfig')
    .option('--output-dir <path>', 'a folder for one file an object; default all of it on standard output')
    .option(
      '-n, --namespace <namespace>',
      'namespace of the connector where its manifest names none',
      'default',
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
