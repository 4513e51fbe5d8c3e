import { variableOf } from './setting.ts';

/** A flag, a variable, or both, that the Go connector supports and that has no effect here. */
export interface AcceptedSetting {
  /** Without leading dashes; `null` for a variable that has no flag. */
  readonly flag: string | null;
  /** Whether the flag requires a value. For a switch, the value is optional. */
  readonly shape: 'switch' | 'value';
  readonly variable: string;
  /** Values that cause no warning, because they ask for nothing that is missing here. */
  readonly harmless: readonly string[];
  /** True if it asks for a single operation followed by an exit. Outside service mode, it is refused. */
  readonly isRequest: boolean;
  /** A sentence for the log and the docs about what happens instead. */
  readonly effect: string;
}

/** Settings that share an effect. */
interface Group {
  readonly switches?: readonly string[];
  readonly values?: readonly string[];
  /** Variables that have no flag. */
  readonly variables?: readonly string[];
  readonly harmless?: readonly string[];
  /** The flags that request an operation. The others are its parameters. */
  readonly requests?: readonly string[];
  readonly effect: string;
}

const groups: readonly Group[] = [
  {
    values: [
      'otel-collector-endpoint',
      'otel-collector-endpoint-tls-cert',
      'otel-collector-endpoint-tls-cert-path',
    ],
    switches: ['otel-collector-endpoint-tls-insecure'],
    effect: 'Nothing is sent to an OpenTelemetry collector: collect the log lines from standard error.',
  },
  {
    switches: ['otel-tracing-disabled', 'otel-logging-disabled'],
    harmless: ['true'],
    effect: 'Nothing is sent to an OpenTelemetry collector, so there is nothing to turn on or off.',
  },
  {
    values: ['workers'],
    switches: ['parallel-sync'],
    effect:
      'A sync always sends as many requests at once as the request budget allows (asana-budget-percent).',
  },
  {
    values: ['storage-engine'],
    harmless: ['sqlite'],
    effect: 'Files are c1z version 1 (SQLite), which every baton reads.',
  },
  {
    switches: ['keep-previous-sync-c1z'],
    effect: 'No earlier file is kept between the syncs of service mode: each sync reads Asana again.',
  },
  {
    values: ['session-store-maximum-size'],
    effect: 'There is no session store: a sync is kept in memory until it is uploaded.',
  },
  {
    values: ['external-resource-c1z', 'external-resource-entitlement-id-filter', 'external-resource-traits'],
    effect: 'Resources of other connectors are not merged: a sync contains only what Asana shows.',
  },
  { values: ['auth-method'], effect: 'The only authentication method is the token of Asana.' },
  { values: ['log-event-log'], effect: 'There is no Windows event log: use log-path.' },
  {
    switches: ['ticketing', 'create-ticket', 'bulk-create-ticket', 'get-ticket', 'list-ticket-schemas'],
    values: ['ticket-id', 'ticket-template-path', 'bulk-ticket-template-path'],
    requests: ['create-ticket', 'bulk-create-ticket', 'get-ticket', 'list-ticket-schemas'],
    effect: 'No tickets are created or read, and ticket tasks are declined.',
  },
  {
    switches: ['event-feed'],
    values: ['event-feed-id', 'event-feed-start-at', 'event-feed-cursor'],
    requests: ['event-feed'],
    effect: 'There is no event feed: changes appear with the next sync.',
  },
  {
    switches: ['list-action-schemas'],
    values: [
      'list-action-schemas-resource-type',
      'list-resource-actions',
      'invoke-action',
      'invoke-action-args',
      'invoke-action-resource-type',
      'invoke-resource-action',
      'invoke-resource-action-args',
      'invoke-resource-action-resource-type',
    ],
    requests: ['list-action-schemas', 'list-resource-actions', 'invoke-action', 'invoke-resource-action'],
    effect: 'There are no custom actions: none is listed and none is invoked.',
  },
  {
    values: ['delete-resource', 'delete-resource-type'],
    requests: ['delete-resource'],
    effect: 'No resource is deleted: revoke the license, team or workspace instead (revoke-grant).',
  },
  {
    values: ['rotate-credentials', 'rotate-credentials-type'],
    requests: ['rotate-credentials'],
    effect: 'No credentials are rotated: Asana has no API for that.',
  },
  {
    switches: ['diff-syncs', 'compact-syncs'],
    values: [
      'base-sync-id',
      'applied-sync-id',
      'compact-file-paths',
      'compact-sync-ids',
      'compact-output-path',
    ],
    requests: ['diff-syncs', 'compact-syncs'],
    effect: 'Files are not compared or compacted: use the baton command.',
  },
  {
    values: [
      'lambda-client-id',
      'lambda-client-secret',
      'lambda-auth-jwt-signer',
      'lambda-auth-jwt-jwks-url',
      'lambda-auth-jwt-expected-issuer',
      'lambda-auth-jwt-expected-subject',
      'lambda-auth-jwt-expected-audience',
    ],
    effect: 'There is no Lambda mode: the connector runs in service mode or makes one sync.',
  },
  { variables: ['BATON_GET_TASKS'], effect: 'Tasks are always fetched one by one.' },
  {
    variables: [
      'BATON_DISABLE_HTTP_CACHE',
      'BATON_HTTP_CACHE_BACKEND',
      'BATON_HTTP_CACHE_BEHAVIOR',
      'BATON_HTTP_CACHE_MAX_SIZE',
      'BATON_HTTP_CACHE_TTL',
    ],
    effect: 'Responses of Asana are never cached: each sync and each change reads them again.',
  },
  {
    variables: ['BATON_KEEP_SYNC_COUNT', 'BATON_SKIP_CLEANUP'],
    effect: 'A file keeps its newest two full syncs.',
  },
  {
    variables: [
      'BATON_C1Z_FINALIZE_TIMEOUT',
      'BATON_DECODER_MAX_DECODED_SIZE_MB',
      'BATON_DECODER_MAX_MEMORY_MB',
      'BATON_DISABLE_FCS_FAIL_FAST',
      'BATON_DONT_FIX_CYCLES',
      'BATON_ZSTD_POOL_DISABLE',
    ],
    effect: 'The limits for reading and writing c1z files are fixed.',
  },
];

/** All accepted settings. Those with the same effect follow one another. */
export const acceptedSettings: readonly AcceptedSetting[] = groups.flatMap(
  ({ switches = [], values = [], variables = [], harmless = [], requests = [], effect }) => [
    ...switches.map((flag) => ({
      flag,
      shape: 'switch' as const,
      variable: variableOf(flag),
      harmless: harmless.length > 0 ? harmless : ['false'],
      isRequest: requests.includes(flag),
      effect,
    })),
    ...values.map((flag) => ({
      flag,
      shape: 'value' as const,
      variable: variableOf(flag),
      harmless,
      isRequest: requests.includes(flag),
      effect,
    })),
    ...variables.map((variable) => ({
      flag: null,
      shape: 'value' as const,
      variable,
      harmless,
      isRequest: false,
      effect,
    })),
  ],
);
