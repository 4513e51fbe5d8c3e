import { Command, Option } from 'commander';
import { conductorOneHosts } from '../../conductorone/hosts.ts';
import { apiUrlOption, budgetPercentOption, requestsPerMinuteOption } from '../command-line/asana-options.ts';
import { durationOption, integerOption, listOption } from '../command-line/flag-types.ts';
import type { OperatorFlags } from './run-operator.ts';

/** `asana-connector operator`: the controllers; what the chart runs. */
export function operatorCommand(signal: AbortSignal): Command {
  return new Command('operator')
    .description('Runs the controllers against the current kubeconfig, or in the cluster it runs in.')
    .addOption(
      listOption('--namespace <namespace>', 'namespace to watch; repeatable; default all').env(
        'WATCH_NAMESPACES',
      ),
    )
    .addOption(
      new Option('--leader-elect', 'act only while holding the leader lease')
        .default(true)
        .env('LEADER_ELECT'),
    )
    .addOption(
      new Option('--no-leader-elect', 'act without a lease: only where a second process is impossible'),
    )
    .addOption(
      new Option(
        '--leader-election-namespace <namespace>',
        "namespace of the lease; default the pod's own",
      ).env('LEADER_ELECTION_NAMESPACE'),
    )
    .addOption(
      durationOption(
        '--leader-election-lease-duration <duration>',
        'how long a lease stands that is not renewed',
        '15s',
      ).env('LEADER_ELECTION_LEASE_DURATION'),
    )
    .addOption(
      durationOption(
        '--leader-election-renew-deadline <duration>',
        'how long the leader tries to renew before it steps down',
        '10s',
      ).env('LEADER_ELECTION_RENEW_DEADLINE'),
    )
    .addOption(
      durationOption('--leader-election-retry-period <duration>', 'time between two tries', '2s').env(
        'LEADER_ELECTION_RETRY_PERIOD',
      ),
    )
    .addOption(
      new Option('--metrics-bind-address <address>', 'where /metrics listens; 0 for nowhere')
        .default(':8080')
        .env('METRICS_BIND_ADDRESS'),
    )
    .addOption(
      new Option('--health-bind-address <address>', 'where /livez and /readyz listen; 0 for nowhere')
        .default(':8081')
        .env('HEALTH_BIND_ADDRESS'),
    )
    .addOption(
      integerOption('--concurrency <n>', 'grants worked on at once', { min: 1, max: 500 })
        .default(50)
        .env('CONCURRENCY'),
    )
    .addOption(
      durationOption('--action-timeout <duration>', 'how long one action in Asana may take', '60s').env(
        'ACTION_TIMEOUT',
      ),
    )
    .addOption(requestsPerMinuteOption())
    .addOption(budgetPercentOption('the operator'))
    .addOption(apiUrlOption())
    .addOption(
      new Option(
        '--conductorone-host <host>',
        'host, or host:port, to use in place of the one that client IDs name',
      ).env('BATON_C1_API_HOST'),
    )
    .addOption(
      listOption(
        '--allowed-conductorone-hosts <hosts>',
        `hosts that client IDs may name, without ports; "*." stands for every name below a domain; default ${conductorOneHosts.join(',')}`,
      ).env('ALLOWED_CONDUCTORONE_HOSTS'),
    )
    .addOption(
      new Option('--log-level <level>', 'least important lines written')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info')
        .env('LOG_LEVEL'),
    )
    .addOption(
      new Option('--log-format <format>', 'for machines or for people')
        .choices(['json', 'console'])
        .default('json')
        .env('LOG_FORMAT'),
    )
    .addOption(
      new Option(
        '--audit-log-path <file>',
        'file that audit lines are appended to, beside standard output; may be rotated by renaming it; default none',
      ).env('AUDIT_LOG_PATH'),
    )
    .action(async (flags: OperatorFlags) => {
      // Loaded when it is asked for: the other commands have no use for it in memory.
      const { runOperator } = await import('./run-operator.ts');
      await runOperator(flags, signal);
    });
}
