import type { Option } from 'commander';
import { integerOption, nameOption } from './flag-types.ts';

/** Returns the option `--asana-api-url`. */
export function apiUrlOption(): Option {
  return nameOption('--asana-api-url <url>', 'Base URL of the Asana REST API. Plain HTTP only on loopback.')
    .default('https://app.asana.com/api/1.0')
    .env('ASANA_API_URL');
}

/** Returns the option `--asana-requests-per-minute`. */
export function requestsPerMinuteOption(): Option {
  return integerOption(
    '--asana-requests-per-minute <n>',
    'Number of requests a minute that Asana allows a token (150 on free plans); 0 for no limit.',
    { min: 0, max: 1_000_000 },
  )
    .default(1500)
    .env('ASANA_REQUESTS_PER_MINUTE');
}

/**
 * Returns the option `--asana-budget-percent`.
 * @param planner the user of the budget, as the help text names it
 */
export function budgetPercentOption(planner: string): Option {
  return integerOption(
    '--asana-budget-percent <n>',
    `Percentage of those requests that ${planner} may use.`,
    {
      min: 1,
      max: 100,
    },
  )
    .default(70)
    .env('ASANA_BUDGET_PERCENT');
}
