import { Command, Option } from 'commander';
import { integerOption } from '../command-line/flag-types.ts';
import type { ReviewFlags, ReviewStreams } from './run-review.ts';

/** `asana-connector review`: who has what and why, for access reviews. */
export function reviewCommand(
  signal: AbortSignal,
  streams: ReviewStreams = { input: process.stdin, output: process.stdout },
): Command {
  return new Command('review')
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
    .option('--token-file <file>', 'file with the token, in place of ASANA_TOKEN')
    .addOption(
      repeated('--audit-log <file>', 'audit log that tells which tasks gave what; repeatable, .gz too'),
    )
    .option('--bom', 'begin a CSV with a byte order mark, which Excel needs to know that it is UTF-8')
    .addOption(
      new Option('--asana-api-url <url>', 'REST root of Asana; plain http only on loopback')
        .default('https://app.asana.com/api/1.0')
        .env('ASANA_API_URL'),
    )
    .addOption(
      integerOption('--asana-requests-per-minute <n>', 'what Asana grants a token a minute; 0 for no limit', {
        min: 0,
        max: 1_000_000,
      })
        .default(1500)
        .env('ASANA_REQUESTS_PER_MINUTE'),
    )
    .addOption(
      integerOption('--asana-budget-percent <n>', 'share of it to use', { min: 1, max: 100 })
        .default(70)
        .env('ASANA_BUDGET_PERCENT'),
    )
    .action(async (flags: ReviewFlags) => {
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
