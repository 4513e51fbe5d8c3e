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

const LABEL_NAME = '(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?';
const DNS_NAME = '(?=.{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const LABEL_KEY = new RegExp(`^(${DNS_NAME}/)?${LABEL_NAME}$`);
const LABEL_VALUE = new RegExp(`^(${LABEL_NAME})?$`);

/**
 * Parses labels in kubectl's form: `key=value`, separated by commas. Rejects kubectl's other operators (`!=`, `in`):
 * read as a label, they would match no object, and no grant would count as removed.
 */
export function readSelector(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((pair) => pair.split('=').map((word) => word.trim()));
  const wrong = pairs.some(
    ([key = '', value = '', ...more]) => more.length > 0 || !LABEL_KEY.test(key) || !LABEL_VALUE.test(value),
  );
  const keys = new Set(pairs.map(([key]) => key));
  if (wrong || pairs.some(({ length }) => length !== 2) || keys.size !== pairs.length)
    throw new InvalidArgumentError(
      'It must be key=value, separated by commas, each key once, such as team=design. Other operators, such as !=, are not supported.',
    );
  return Object.fromEntries(pairs.map(([key = '', value = '']) => [key, value]));
}
