import { Command, Option } from 'commander';
import { conductorOneHosts } from '../../conductorone/hosts.ts';
import { apiUrlOption, budgetPercentOption, requestsPerMinuteOption } from '../command-line/asana-options.ts';
import { addExamples } from '../command-line/examples.ts';
import {
  booleanOption,
  choiceOption,
  durationOption,
  integerOption,
  listOption,
  nameOption,
  namespacesOption,
} from '../command-line/flag-types.ts';
import type { OperatorFlags } from './run-operator.ts';

/**
 * `asana-connector operator`: runs the controllers. The chart runs this command.
 * @param endSoon called when the operator stops by itself: the process must then end soon, even if something hangs
 */
export function operatorCommand(signal: AbortSignal, endSoon: () => void): Command {
  const command = new Command('operator')
    .summary('Run the operator')
    .description('Run the operator in the cluster that its pod is in, or against the current kubeconfig.')
    .optionsGroup('Scope:')
    .addOption(
      namespacesOption(
        '--namespace <namespace>',
        'Namespace to watch. Repeatable. Default: all namespaces.',
      ).env('WATCH_NAMESPACES'),
    )
    .addOption(
      integerOption(
        '--concurrency <n>',
        'Maximum number of grants of one kind and connector that are processed at the same time.',
        {
          min: 1,
          max: 500,
        },
      )
        .default(50)
        .env('CONCURRENCY'),
    )
    .optionsGroup('Leader election:')
    .addOption(
      booleanOption('--leader-elect', 'Act only while holding the lease.').default(true).env('LEADER_ELECT'),
    )
    .addOption(
      new Option('--no-leader-elect', 'Act without a lease. Use only where no second process can run.'),
    )
    .addOption(
      nameOption(
        '--leader-election-namespace <namespace>',
        'Namespace of the lease. Default: the namespace of the pod, otherwise that of the current context.',
      ).env('LEADER_ELECTION_NAMESPACE'),
    )
    .addOption(
      durationOption(
        '--leader-election-lease-duration <duration>',
        'Time after which a lease that is not renewed can be taken over.',
        '15s',
      ).env('LEADER_ELECTION_LEASE_DURATION'),
    )
    .addOption(
      durationOption(
        '--leader-election-renew-deadline <duration>',
        'Time that the leader tries to renew the lease before it stops acting.',
        '10s',
      ).env('LEADER_ELECTION_RENEW_DEADLINE'),
    )
    .addOption(
      durationOption(
        '--leader-election-retry-period <duration>',
        'Time between attempts to acquire or renew the lease.',
        '2s',
      ).env('LEADER_ELECTION_RETRY_PERIOD'),
    )
    .optionsGroup('Endpoints:')
    .addOption(
      nameOption('--metrics-bind-address <address>', 'Address of /metrics; 0 to turn it off.')
        .default(':8080')
        .env('METRICS_BIND_ADDRESS'),
    )
    .addOption(
      nameOption('--health-bind-address <address>', 'Address of /livez and /readyz; 0 to turn them off.')
        .default(':8081')
        .env('HEALTH_BIND_ADDRESS'),
    )
    .optionsGroup('Asana:')
    .addOption(
      durationOption('--action-timeout <duration>', 'Time limit for one action in Asana.', '60s').env(
        'ACTION_TIMEOUT',
      ),
    )
    .addOption(requestsPerMinuteOption())
    .addOption(budgetPercentOption('the operator'))
    .addOption(apiUrlOption())
    .optionsGroup('ConductorOne:')
    .addOption(
      nameOption(
        '--conductorone-host <host>',
        'Host, or host:port, to use instead of the host in the client IDs.',
      ).env('BATON_C1_API_HOST'),
    )
    .addOption(
      listOption(
        '--allowed-conductorone-hosts <hosts>',
        `Hosts that client IDs may name, without ports, separated by commas; "*." stands for every name below a domain. Default: ${conductorOneHosts.join(',')}.`,
      ).env('ALLOWED_CONDUCTORONE_HOSTS'),
    )
    .optionsGroup('Logging:')
    .addOption(
      choiceOption('--log-level <level>', 'Minimum log level.', ['error', 'warn', 'info', 'debug'])
        .default('info')
        .env('LOG_LEVEL'),
    )
    .addOption(
      choiceOption('--log-format <format>', 'Log format.', ['json', 'console'])
        .default('json')
        .env('LOG_FORMAT'),
    )
    .addOption(
      nameOption(
        '--audit-log-path <file>',
        'File that audit lines are appended to, in addition to standard output. It can be rotated by renaming. Default: none.',
      ).env('AUDIT_LOG_PATH'),
    )
    .optionsGroup('Tracing:')
    .addOption(
      nameOption(
        '--otel-endpoint <url>',
        'OTLP endpoint (HTTP, protobuf) that traces are sent to, such as http://collector:4318. The other OTEL_* variables apply as well. Default: none.',
      ).env('OTEL_EXPORTER_OTLP_ENDPOINT'),
    )
    .action(async (flags: OperatorFlags) => {
      // Imported on demand, so that the other commands do not keep it in memory.
      const { runOperator } = await import('./run-operator.ts');
      await runOperator(flags, { signal, endSoon });
    });
  return addExamples(
    command,
    ['Run the operator for all namespaces, without a lease', 'asana-connector operator --no-leader-elect'],
    ['Run the operator for two namespaces', 'asana-connector operator --namespace iga --namespace sales'],
  );
}
