import { oneShotSettings } from './one-shot-settings.ts';
import { processSettings } from './process-settings.ts';
import { duration, list, type Setting, secret, text, toggle, variableOf, whole } from './setting.ts';

/** All settings, in their order in `--help` and the docs. */
export const settingsTable = {
  token: secret('token', {
    group: 'asana',
    label: 'Personal access token',
    description: 'Personal access token or service account token of Asana. Required.',
    operator: 'spec.credentials.secretRef.tokenKey',
  }),
  useServiceAccount: toggle('use-service-account', {
    group: 'asana',
    label: 'Is service account',
    description: 'The token belongs to a service account.',
    operator: 'spec.credentials.type: ServiceAccount',
  }),
  scimToken: secret('scim-token', {
    group: 'asana',
    variables: ['BATON_SCIM_TOKEN', 'SCIM_TOKEN'],
    description: 'A second token, of a service account, for SCIM requests only. Default: the token.',
    operator: 'spec.credentials.secretRef.scimTokenKey',
  }),
  useScimApi: toggle('use-scim-api', {
    group: 'asana',
    label: 'Use SCIM API',
    description:
      'Sync and provision licenses through the SCIM API (Asana Enterprise). Requires use-service-account or scim-token.',
    operator: 'spec.scim.enabled',
  }),
  defaultWorkspaceId: text('default-workspace-id', {
    group: 'asana',
    placeholder: 'id',
    label: 'Default workspace',
    description: 'ID of the workspace that new accounts are added to, unless the request names one.',
    pattern: /^\d{1,32}$/,
    remedy: 'must be the ID of a workspace, which has digits only',
    operator: 'spec.defaultWorkspace',
  }),
  workspaceIds: list('workspace-ids', {
    group: 'asana',
    placeholder: 'ids',
    description:
      'IDs of the only workspaces to read, separated by commas. Default: every workspace that the token can see.',
    pattern: /^\d{1,32}$/,
    remedy: 'must be the IDs of workspaces, separated by commas',
    operator: 'spec.workspaces',
  }),
  asanaApiUrl: text(
    'asana-api-url',
    {
      group: 'asana',
      placeholder: 'url',
      variables: ['BATON_ASANA_API_URL', 'ASANA_API_URL'],
      description: 'Base URL of the Asana REST API; SCIM is at /scim below it. Plain HTTP only on loopback.',
      operator: 'flag --asana-api-url of the operator',
    },
    'https://app.asana.com/api/1.0',
  ),
  provisioning: toggle('provisioning', {
    group: 'asana',
    short: 'p',
    description: 'Carry out the grants, revocations and account creations that ConductorOne requests.',
    operator: 'spec.conductorOne.provision',
  }),
  allowDeprovision: toggle('allow-deprovision', {
    group: 'asana',
    description:
      'Allow the revocation of a view-only license to remove the account from the organization, which cannot be undone. Requires use-service-account.',
    operator: 'spec.provisioning.allowDeprovision',
  }),
  maxDeprovisions: whole(
    'max-deprovisions',
    {
      group: 'asana',
      placeholder: 'n',
      description: 'Maximum number of accounts removed from the organization within an hour.',
      min: 0,
      max: 100_000,
      operator: 'spec.provisioning.maxDeprovisions',
    },
    5,
  ),
  acceptMissing: whole(
    'accept-missing',
    {
      group: 'asana',
      placeholder: 'n',
      description:
        'Number of announced entries that may be missing from a listing of Asana that still counts as complete.',
      min: 0,
      max: 100_000,
      operator: 'annotation `asana-connector.dev/acknowledge`',
    },
    0,
  ),

  clientId: text('client-id', {
    group: 'conductorOne',
    placeholder: 'id',
    description:
      "Client ID from the connector's page in ConductorOne. With client-secret, turns on service mode.",
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
    description: 'Host of ConductorOne, instead of the one in the client ID.',
    operator: 'flag --conductorone-host of the operator',
  }),
  hostId: text('host-id', {
    group: 'conductorOne',
    placeholder: 'name',
    description: 'Distinguishes this process from its replicas. Default: the host name.',
    pattern: /^[\x20-\x7e]{1,256}$/,
    remedy: 'must be 1 to 256 printable characters',
    operator: null,
  }),
  taskConcurrency: whole(
    'task-concurrency',
    {
      group: 'conductorOne',
      placeholder: 'n',
      description: 'Maximum number of ConductorOne tasks carried out at the same time.',
      min: 1,
      max: 100,
      operator: null,
    },
    3,
  ),
  skipFullSync: toggle('skip-full-sync', {
    group: 'conductorOne',
    description: 'Do not sync: full-sync tasks are declined, and a local sync does nothing.',
    operator: null,
  }),

  file: text(
    'file',
    {
      group: 'files',
      short: 'f',
      placeholder: 'path',
      description: 'The c1z file that a local sync is added to, and that single changes look up IDs in.',
      operator: null,
    },
    'sync.c1z',
  ),
  c1zTempDir: text('c1z-temp-dir', {
    group: 'files',
    placeholder: 'folder',
    variables: ['BATON_C1Z_TEMP_DIR', 'BATON_TMPDIR'],
    description: "Writable folder for temporary files. Default: the system's.",
    operator: 'variable BATON_TMPDIR of the operator',
  }),

  syncResourceTypes: list('sync-resource-types', {
    group: 'sync',
    placeholder: 'types',
    description: 'Sync only these resource types, separated by commas: user, team, workspace, license.',
    pattern: /^(user|team|workspace|license)$/,
    remedy: 'must be resource types, separated by commas: user, team, workspace, license',
    operator: null,
  }),
  syncResources: list('sync-resources', {
    group: 'sync',
    placeholder: 'bids',
    description: 'Make a partial sync of only these resources, separated by commas, such as bid:r:team/501.',
    pattern: /^bid:r:([^/:]+\/[^/:]+\/)?[^/:]+\/[^/:]+$/,
    remedy:
      'must be resource IDs, separated by commas, such as bid:r:team/501 or bid:r:workspace/1200/team/501',
    operator: null,
  }),
  skipEntitlementsAndGrants: toggle('skip-entitlements-and-grants', {
    group: 'sync',
    description: 'Sync resources only.',
    operator: null,
  }),
  skipGrants: toggle('skip-grants', {
    group: 'sync',
    description: 'Do not sync grants. Requires sync-resources.',
    operator: null,
  }),

  ...processSettings,

  asanaRequestsPerMinute: whole(
    'asana-requests-per-minute',
    {
      group: 'budget',
      placeholder: 'n',
      variables: [variableOf('asana-requests-per-minute'), 'ASANA_REQUESTS_PER_MINUTE'],
      description:
        'Number of requests a minute that Asana allows the token (150 on free plans); 0 for no limit.',
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
      description: 'Percentage of those requests that the connector may use.',
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
      description: 'Time limit for one change in Asana.',
      operator: 'flag --action-timeout of the operator',
    },
    '60s',
  ),

  httpTimeoutSeconds: whole(
    'http-timeout-seconds',
    {
      group: 'budget',
      placeholder: 'seconds',
      description: 'Time limit for one request to Asana.',
      min: 1,
      max: 1800,
      operator: null,
    },
    60,
  ),

  ...oneShotSettings,
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof settingsTable;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The values of all settings. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof settingsTable)[Name]> };

/** The table as a list. */
export const settingsList = Object.entries(settingsTable) as readonly (readonly [
  SettingName,
  Setting<unknown>,
])[];
