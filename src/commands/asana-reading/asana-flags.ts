import { type Command, InvalidArgumentError, Option } from 'commander';
import { apiUrlOption, budgetPercentOption, requestsPerMinuteOption } from '../command-line/asana-options.ts';

/** The flags of a command that reads Asana with a token of its user. */
export interface AsanaFlags {
  readonly tokenFile?: string;
  readonly asanaApiUrl: string;
  readonly asanaRequestsPerMinute: number;
  readonly asanaBudgetPercent: number;
}

export function addAsanaFlags(command: Command): Command {
  return command
    .optionsGroup('Asana:')
    .addOption(
      new Option(
        '--token-file <path>',
        'File that contains the token. Default: the variable ASANA_TOKEN. ASANA_SCIM_TOKEN may contain a second token, for SCIM only.',
      ),
    )
    .addOption(apiUrlOption())
    .addOption(requestsPerMinuteOption())
    .addOption(budgetPercentOption('this command'));
}

/** Labels as kubectl takes them: `key=value`, with commas between them. */
export function readSelector(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2 || pair[0]?.trim() === ''))
    throw new InvalidArgumentError('It must be key=value, separated by commas.');
  return Object.fromEntries(pairs.map(([key = '', value = '']) => [key.trim(), value.trim()]));
}
