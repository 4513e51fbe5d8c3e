import { Command, Option } from 'commander';
import { addAsanaFlags } from '../asana-reading/asana-flags.ts';
import type { ReviewFlags, ReviewStreams } from './run-review.ts';

/** `asana-connector review`: who has what and why, for access reviews. */
export function reviewCommand(
  signal: AbortSignal,
  streams: ReviewStreams = { input: process.stdin, output: process.stdout },
): Command {
  const command = new Command('review')
    .description(
      'Writes who has what in Asana, since when, by which grant or task, why and until when. Reads the whole directory and changes nothing; a partial reading is an error. The token comes from ASANA_TOKEN (and ASANA_SCIM_TOKEN), or from --token-file.',
    )
    .addOption(
      new Option('--format <format>', 'what is written')
        .choices(['csv', 'json', 'html'])
        .makeOptionMandatory(),
    )
    .option('--output <file>', 'file to write, readable by its owner alone; default standard output')
    .option(
      '--connector <name>',
      'AsanaConnector of the cluster, or a file with its manifest; default the only one there is',
    )
    .option(
      '-n, --namespace <namespace>',
      'its namespace; of manifests, of those that name none; default "default"',
    )
    .addOption(
      repeated(
        '-f, --filename <path>',
        'manifests with the grants, in place of the cluster: a file, a folder, or - ; repeatable',
      ),
    )
    .addOption(
      repeated('--audit-log <file>', 'audit log that tells which tasks gave what; repeatable, .gz too'),
    )
    .option('--bom', 'begin a CSV with a byte order mark, which Excel needs to know that it is UTF-8');
  return addAsanaFlags(command).action(async (flags: ReviewFlags) => {
    // Loaded when it is asked for: the other commands have no use for it in memory.
    const { runReview } = await import('./run-review.ts');
    await runReview(flags, streams, signal);
  });
}

/** A flag that may be repeated; a path may hold a comma. */
function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, previous: unknown) => [
    ...(Array.isArray(previous) ? (previous as string[]) : []),
    text,
  ]);
}
