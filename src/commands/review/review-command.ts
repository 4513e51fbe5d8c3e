import { Command, Option } from 'commander';
import { addAsanaFlags } from '../asana-reading/asana-flags.ts';
import { addExamples } from '../command-line/examples.ts';
import { nameOption, pathsOption } from '../command-line/flag-types.ts';
import type { ReviewFlags, ReviewStreams } from './run-review.ts';

/** `asana-connector review`: writes who has which access and why, for access reviews. */
export function reviewCommand(
  signal: AbortSignal,
  streams: ReviewStreams = { input: process.stdin, output: process.stdout },
): Command {
  const command = new Command('review')
    .summary('Write an access review: who has what, and why')
    .description(
      'Write an access review: who has what in Asana, since when, because of which grant or task, for what reason and until when. The whole directory is read, and nothing is changed. If a part of it cannot be read, the command fails.',
    )
    .optionsGroup('Output:')
    .addOption(
      new Option('--format <format>', 'Output format. Required.')
        .choices(['csv', 'json', 'html'])
        .makeOptionMandatory(),
    )
    .option('--output <file>', 'File to write, readable by its owner only. Default: standard output.')
    .option('--bom', 'Start CSV with a byte order mark, so that Excel reads it as UTF-8.')
    .optionsGroup('Grants:')
    .option(
      '--connector <name>',
      'Name of the AsanaConnector in the cluster, or file with its manifest. Default: the only one.',
    )
    .addOption(
      nameOption(
        '-n, --namespace <namespace>',
        'Namespace of the connector, and of manifests that do not specify one. Default: default.',
      ),
    )
    .addOption(
      pathsOption(
        '-f, --filename <path>',
        'File or folder with the manifests of the grants, or - for standard input, instead of the cluster. Repeatable.',
      ),
    )
    .addOption(
      pathsOption(
        '--audit-log <file>',
        'Audit log that shows which tasks of this connector granted what; may be compressed (.gz). Repeatable.',
      ),
    );
  addExamples(
    command,
    [
      'Write a review page for the browser',
      'ASANA_TOKEN=… asana-connector review --format html --output review.html',
    ],
    [
      'Write CSV from the manifests of a folder, without a cluster',
      'asana-connector review --format csv --connector acme.yaml -f grants/',
    ],
  );
  return addAsanaFlags(command).action(async (flags: ReviewFlags) => {
    // Imported on demand, so that the other commands do not keep it in memory.
    const { runReview } = await import('./run-review.ts');
    await runReview(flags, streams, signal);
  });
}
