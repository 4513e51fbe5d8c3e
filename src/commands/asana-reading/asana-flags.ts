import { type Command, InvalidArgumentError, Option } from 'commander';
import { integerOption } from '../command-line/flag-types.ts';

/** The flags of a command that reads Asana with a token of its user. */
export interface AsanaFlags {
  readonly tokenFile?: string;
  readonly asanaApiUrl: string;
  readonly asanaRequestsPerMinute: number;
  readonly asanaBudgetPercent: number;
}

export function addAsanaFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--token-file <path>',
        'file with the token; default the variable ASANA_TOKEN. ASANA_SCIM_TOKEN may hold a second one, for SCIM only',
      ),
    )
    .addOption(
      new Option('--asana-api-url <url>', 'REST root of Asana; plain http only on loopback')
        .default('https://app.asana.com/api/1.0')
        .env('ASANA_API_URL'),
    )
    .addOption(
      integerOption(
        '--asana-requests-per-minute <n>',
        'what Asana grants a token a minute (150 on free plans); 0 for no limit',
        { min: 0, max: 1_000_000 },
      )
        .default(1500)
        .env('ASANA_REQUESTS_PER_MINUTE'),
    )
    .addOption(
      integerOption('--asana-budget-percent <n>', 'share of it that this command plans with', {
        min: 1,
        max: 100,
      })
        .default(70)
        .env('ASANA_BUDGET_PERCENT'),
    );
}

/** Labels as kubectl takes them: `key=value`, with commas between them. */
export function readSelector(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair[0]?.trim() === ''))
    throw new InvalidArgumentError('It must be key=value, with commas between several.');
  return Object.fromEntries(pairs.map(([key = '', value = '']) => [key.trim(), value.trim()]));
}
