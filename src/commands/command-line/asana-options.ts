import { Option } from 'commander';
import { integerOption } from './flag-types.ts';

/** `--asana-api-url`. */
export function apiUrlOption(): Option {
  return new Option('--asana-api-url <url>', 'REST root of Asana; plain http only on loopback')
    .default('https://app.asana.com/api/1.0')
    .env('ASANA_API_URL');
}

/** `--asana-requests-per-minute`. */
export function requestsPerMinuteOption(): Option {
  return integerOption(
    '--asana-requests-per-minute <n>',
    'what Asana grants a token a minute (150 on free plans); 0 for no limit',
    { min: 0, max: 1_000_000 },
  )
    .default(1500)
    .env('ASANA_REQUESTS_PER_MINUTE');
}

/**
 * `--asana-budget-percent`.
 * @param planner who plans with it, as the help names them
 */
export function budgetPercentOption(planner: string): Option {
  return integerOption('--asana-budget-percent <n>', `share of it that ${planner} plans with`, {
    min: 1,
    max: 100,
  })
    .default(70)
    .env('ASANA_BUDGET_PERCENT');
}
