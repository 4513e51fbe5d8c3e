import { oneShotSettings } from './one-shot-settings.ts';
import { choice, duration, list, type Setting, secret, text, toggle, variableOf, whole } from './setting.ts';

/** In `--help`, the `config` JSON and the docs, the settings stand in this order. */
export const settingsTable = {
  token: secret('token', {
    group: 'asana',
    description: 'Personal access token or service account token of Asana. Required to sync.',
    operator: 'spec.credentials.secretRef.tokenKey',
  }),
  useServiceAccount: toggle('use-service-account', {
    group: 'asana',
    description: 'The token belongs to a service account.',
    operator: 'spec.credentials.type: ServiceAccount',
  }),
  scimToken: secret('scim-token', {
    group: 'asana',
    variables: ['BATON_SCIM_TOKEN', 'SCIM_TOKEN'],
    description:
      'A second token, of a service account, used for SCIM alone. Without it the token serves for both.',
    operator: 'spec.credentials.secretRef.scimTokenKey',
  }),
  useScimApi: toggle('use-scim-api', {
    group: 'asana',
    description:
      'Sync and provision licenses over the SCIM API (Asana Enterprise); needs use-service-account, or a scim-token.',
    operator: 'spec.scim.enabled',
  }),
  defaultWorkspaceId: text('default-workspace-id', {
    group: 'asana',
    placeholder: 'gid',
    description: 'Workspace that new accounts are added to, unless the request names one.',
    pattern: /^\d{1,32}$/,
    remedy: 'must be the digits of a workspace gid',
    operator: 'spec.defaultWorkspace',
  }),
  workspaceIds: list('workspace-ids', {
    group: 'asana',
    placeholder: 'gids',
    description: 'Read these workspaces only. Default: every one that the token sees.',
    pattern: /^\d{1,32}$/,
    remedy: 'must be gids of workspaces with commas between them',
    operator: 'spec.workspaces',
  }),
  asanaApiUrl: text(
    'asana-api-url',
    {
      group: 'asana',
      placeholder: 'url',
      variables: ['BATON_ASANA_API_URL', 'ASANA_API_URL'],
      description: 'REST root of Asana; SCIM is below it at /scim. Plain http only on loopback.',
      operator: 'flag --asana-api-url of the operator',
    },
    'https://app.asana.com/api/1.0',
  ),
  provisioning: toggle('provisioning', {
    group: 'asana',
    short: 'p',
    description: 'Carry out the grants, revocations and account creations that ConductorOne asks for.',
    operator: 'spec.conductorOne.provision',
  }),
  allowDeprovision: toggle('allow-deprovision', {
    group: 'asana',
    description:
      'Let a revoked view-only license take the account out of the organization, which cannot be undone; needs use-service-account.',
    operator: 'spec.provisioning.allowDeprovision',
  }),
  maxDeprovisions: whole(
    'max-deprovisions',
    {
      group: 'asana',
      placeholder: 'n',
      description: 'Most accounts taken out of the organization within an hour.',
      min: 0,
      max: 100_000,
      operator: 'spec.provisioning.maxDeprovisions',
    },
    5,
  ),

  clientId: text('client-id', {
    group: 'conductorOne',
    placeholder: 'id',
    description: "Client ID from the connector's page in ConductorOne; with client-secret: service mode.",
    operator: 'spec.conductorOne.secretRef.clientIdKey',
  }),
  clientSecret: secret('client-secret', {
    group: 'conductorOne',
    description: "Client secret from the connector's page in ConductorOne.",
    operator: 'spec.conductorOne.secretRef.clientSecretKey',
  }),
  conductoroneHost: text('conductorone-host', {
    group: 'conductorOne',
    placeholder: 'host[:port]',
    variables: ['BATON_C1_API_HOST'],
    description: 'Host of ConductorOne, in place of the one in the client ID.',
    operator: 'flag --conductorone-host of the operator',
  }),
  hostId: text('host-id', {
    group: 'conductorOne',
    placeholder: 'name',
    description: 'Tells this process from its replicas. Default: the host name.',
    pattern: /^[\x20-\x7e]{1,256}$/,
    remedy: 'must be 1 to 256 printable characters',
    operator: null,
  }),
  taskConcurrency: whole(
    'task-concurrency',
    {
      group: 'conductorOne',
      placeholder: 'n',
      description: 'Tasks of ConductorOne worked on at once.',
      min: 1,
      max: 100,
      operator: null,
    },
    3,
  ),
  skipFullSync: toggle('skip-full-sync', {
    group: 'conductorOne',
    description:
      'Read nothing for ConductorOne: full-sync tasks are declined, and a local sync does nothing.',
    operator: null,
  }),

  file: text(
    'file',
    {
      group: 'files',
      short: 'f',
      placeholder: 'path',
      description: 'The c1z file that syncs are added to and one-shots look things up in.',
      operator: null,
    },
    'sync.c1z',
  ),
  c1zTempDir: text('c1z-temp-dir', {
    group: 'files',
    placeholder: 'folder',
    variables: ['BATON_C1Z_TEMP_DIR', 'BATON_TMPDIR'],
    description: "Folder for temporary files, writable. Default: the system's.",
    operator: 'variable BATON_TMPDIR of the operator',
  }),

  syncResourceTypes: list('sync-resource-types', {
    group: 'sync',
    placeholder: 'types',
    description: 'Sync these resource types only: user, team, workspace, license.',
    pattern: /^(user|team|workspace|license)$/,
    remedy: 'must be resource types with commas between them: user, team, workspace, license',
    operator: null,
  }),
  syncResources: list('sync-resources', {
    group: 'sync',
    placeholder: 'bids',
    description: 'Sync these resources only, such as bid:r:team/501; makes a partial sync.',
    pattern: /^bid:r:([^/:]+\/[^/:]+\/)?[^/:]+\/[^/:]+$/,
    remedy:
      'must be resource ids with commas between them, such as bid:r:team/501 or bid:r:workspace/1200/team/501',
    operator: null,
  }),
  skipEntitlementsAndGrants: toggle('skip-entitlements-and-grants', {
    group: 'sync',
    description: 'Sync resources alone.',
    operator: null,
  }),
  skipGrants: toggle('skip-grants', {
    group: 'sync',
    description: 'Sync no grants; needs sync-resources.',
    operator: null,
  }),

  logLevel: choice(
    'log-level',
    {
      group: 'logging',
      placeholder: 'level',
      description: 'Least important lines written: debug, info, warn, error.',
      values: ['debug', 'info', 'warn', 'error'],
      operator: 'flag --log-level of the operator',
    },
    'info',
  ),
  logFormat: choice('log-format', {
    group: 'logging',
    placeholder: 'format',
    description: 'json or console. Default: console on a terminal, json elsewhere.',
    values: ['json', 'console'],
    operator: 'flag --log-format of the operator',
  }),
  logPath: text('log-path', {
    group: 'logging',
    placeholder: 'path',
    description: 'File that log lines are added to, in place of standard error.',
    operator: null,
  }),

  healthCheck: toggle('health-check', {
    group: 'health',
    description: 'Serve /health, /ready and /live.',
    operator: 'flag --health-bind-address of the operator, always on',
  }),
  healthCheckPort: whole(
    'health-check-port',
    {
      group: 'health',
      placeholder: 'port',
      description: 'Port they are served on.',
      min: 1,
      max: 65_535,
      operator: 'flag --health-bind-address of the operator',
    },
    8081,
  ),
  healthCheckBindAddress: text(
    'health-check-bind-address',
    {
      group: 'health',
      placeholder: 'address',
      description: 'Address they are served on; 0.0.0.0 for the probes of Kubernetes.',
      pattern: /^[0-9a-zA-Z.:-]{1,253}$/,
      remedy: 'must be an address such as 127.0.0.1, 0.0.0.0 or ::',
      operator: 'flag --health-bind-address of the operator',
    },
    '127.0.0.1',
  ),

  asanaRequestsPerMinute: whole(
    'asana-requests-per-minute',
    {
      group: 'budget',
      placeholder: 'n',
      variables: [variableOf('asana-requests-per-minute'), 'ASANA_REQUESTS_PER_MINUTE'],
      description: 'What Asana grants the token a minute (150 on free plans); 0 for no limit.',
      min: 0,
      max: 1_000_000,
      operator: 'flag --asana-requests-per-minute of the operator',
    },
    1500,
  ),
  asanaBudgetPercent: whole(
    'asana-budget-percent',
    {
      group: 'budget',
      placeholder: 'n',
      variables: [variableOf('asana-budget-percent'), 'ASANA_BUDGET_PERCENT'],
      description: 'Share of it that this program plans with.',
      min: 1,
      max: 100,
      operator: 'flag --asana-budget-percent of the operator',
    },
    70,
  ),
  actionTimeout: duration(
    'action-timeout',
    {
      group: 'budget',
      placeholder: 'duration',
      variables: [variableOf('action-timeout'), 'ACTION_TIMEOUT'],
      description: 'How long one change in Asana may take.',
      operator: 'flag --action-timeout of the operator',
    },
    '60s',
  ),

  ...oneShotSettings,
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof settingsTable;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** All settings, read. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof settingsTable)[Name]> };

/** The table as a list. */
export const settingsList = Object.entries(settingsTable) as readonly (readonly [
  SettingName,
  Setting<unknown>,
])[];
