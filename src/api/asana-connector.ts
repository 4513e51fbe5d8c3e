import { type Static, Type } from 'typebox';
import { type ConnectorPhase, connectorPhases } from './condition-types.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaConnectors } from './resources.ts';
import {
  choice,
  conditions,
  duration,
  durationBounds,
  email,
  flag,
  gid,
  handledRequest,
  instant,
  namespaceOrAll,
  object,
  objectName,
  REMEDY,
  secretKey,
  text,
  whole,
} from './schema.ts';

const credentials = object(
  "Where the Asana token is, and what kind of token it is. Secrets are read from the connector's own namespace.",
  {
    type: choice(
      'ServiceAccount for a token an Asana super admin made for a service account, PersonalAccessToken (the default) for one of a person. The API cannot tell them apart. Only a service account reaches SCIM, that is licenses.',
      ['PersonalAccessToken', 'ServiceAccount'],
      'PersonalAccessToken',
    ),
    secretRef: object('The Secret with the token. It is read again when it changes, within a minute.', {
      name: objectName("Name of a Secret in the connector's namespace."),
      tokenKey: secretKey(
        'Key of the token in that Secret. Default BATON_TOKEN, so that the Secret of a baton-asana Deployment works as it is.',
        'BATON_TOKEN',
      ),
      scimTokenKey: Type.Optional(
        secretKey(
          'Key of a second token in the same Secret, used for SCIM alone; for organizations whose service account token is limited to user provisioning. Default: tokenKey serves both.',
        ),
      ),
    }),
  },
);

/** ASCII, or lowerAscii() and the directory would not agree on which words are the same. */
const userType = (description: string, fallback: string) =>
  text(
    description,
    {
      minLength: 1,
      maxLength: 64,
      pattern: '^[!-~]+( [!-~]+)*$',
      [REMEDY]: 'write one or more ASCII words, without a space before or after them',
    },
    fallback,
  );

const scim = object(
  "Licenses, read and written over Asana's SCIM API (Asana Enterprise, one organization).",
  {
    enabled: flag(
      'Read and manage licenses over SCIM. Default false. Needs credentials.type ServiceAccount, or a scimTokenKey.',
      false,
    ),
    userTypes: object(
      'What Asana calls the two licenses in the SCIM attribute userType; compared without case. Change them only if your organization shows other words.',
      {
        enterprise: userType('The userType of an enterprise license. Default "enterprise".', 'enterprise'),
        viewOnly: userType(
          'The userType of a view-only license. Default "view only", with a space.',
          'view only',
        ),
      },
      {
        default: {},
        rules: [
          {
            rule: '!has(self.enterprise) || !has(self.viewOnly) || self.enterprise.lowerAscii() != self.viewOnly.lowerAscii()',
            message:
              'enterprise and viewOnly must be different words, or a license cannot be told from the other',
            holds: ({ enterprise, viewOnly }) => enterprise.toLowerCase() !== viewOnly.toLowerCase(),
          },
        ],
      },
    ),
  },
  { default: {} },
);

const sync = object(
  'How often the directory is read. One sync serves every grant of the connector, so more grants cost no more requests.',
  {
    interval: duration(
      'Time between two syncs, spread by 5 % so that connectors do not march in step. Default 1h, 1m to 720h.',
      '1h',
    ),
    teamInterval: Type.Optional(
      duration(
        'Time between two readings of the team memberships, which cost a request a team. Default: interval; 1m to 720h.',
      ),
    ),
  },
  {
    default: {},
    rules: [durationBounds('interval', '1m', '720h'), durationBounds('teamInterval', '1m', '720h')],
  },
);

const maxRemovals = object(
  'The most removals in one window. Where those done and those pending together exceed the larger of percent and atLeast, none of the pending ones is carried out: they are held (condition RemovalsPaused) until a person acknowledges or discards them by annotation. Granting goes on. Default: 20 percent, at least 5, in 1h.',
  {
    percent: whole(
      "Share of the connector's applied grants at the start of the window, 0 to 100. Default 20.",
      { minimum: 0, maximum: 100 },
      20,
    ),
    atLeast: whole(
      'So many removals are always allowed, however few grants there are. Default 5; 0 with percent 0 holds every removal.',
      { minimum: 0, maximum: 100_000 },
      5,
    ),
    window: duration('Length of the window. Default 1h, 1m to 720h.', '1h'),
  },
  { default: {}, rules: [durationBounds('window', '1m', '720h')] },
);

const provisioning = object(
  'What declared grants may change in Asana. ConductorOne has its own switch, conductorOne.provision.',
  {
    mode: choice(
      'Plan (the default) decides and reports, and sends no write to Asana. Apply acts.',
      ['Plan', 'Apply'],
      'Plan',
    ),
    allowDeprovision: flag(
      'Let a revoked view-only license take the account out of the organization, which no API can undo. Default false. Needs credentials.type ServiceAccount: with a personal access token the work of the person would pass to the owner of the token.',
      false,
    ),
    allowedNamespaces: Type.Optional(
      Type.Array(namespaceOrAll('A namespace, or "*" for every one.'), {
        description:
          'Further namespaces whose grants may name this connector; "*" means all. Default: only the connector\'s own. Grants from elsewhere take back only what they gave, and never deprovision.',
        maxItems: 100,
        'x-kubernetes-list-type': 'set',
      }),
    ),
    protectedUsers: Type.Optional(
      Type.Array(email('An email address, in lower case.'), {
        description:
          'People no removal ever touches, by email in lower case. Default: none; the account of the token itself is always protected.',
        maxItems: 1000,
        'x-kubernetes-list-type': 'set',
      }),
    ),
    protectAdmins: flag('Protect Asana admins from every removal. Default true.', true),
    maxEnterpriseLicenses: Type.Optional(
      whole(
        'Most enterprise licenses in the organization that our own actions may lead to. Lowering it takes nobody back. Default: no limit.',
        { minimum: 0, maximum: 10_000_000 },
      ),
    ),
    removalDelay: duration(
      'How long a removal waits after it was declared, so that a rename or a move between folders is no removal. Default 1m, 0s to 720h.',
      '1m',
    ),
    maxRemovals,
    maxDeprovisions: whole(
      'The most deprovisions in the window of maxRemovals. Default 5.',
      { minimum: 0, maximum: 100_000 },
      5,
    ),
  },
  { default: {}, rules: [durationBounds('removalDelay', '0s', '720h')] },
);

const conductorOne = object(
  'Service mode: keep a connection with ConductorOne, sync and upload at its call. Leave it out to run without ConductorOne.',
  {
    secretRef: object("The Secret with ConductorOne's client credentials.", {
      name: objectName("Name of a Secret in the connector's namespace."),
      clientIdKey: secretKey(
        'Key of the client ID in that Secret. Default BATON_CLIENT_ID.',
        'BATON_CLIENT_ID',
      ),
      clientSecretKey: secretKey(
        'Key of the client secret in that Secret. Default BATON_CLIENT_SECRET.',
        'BATON_CLIENT_SECRET',
      ),
    }),
    provision: flag(
      "Carry out ConductorOne's grant, revoke and create-account tasks. Default false. Independent of provisioning.mode, which is for declared grants.",
      false,
    ),
  },
);

const spec = object(
  'What to read from Asana, with which credentials, and what may be changed there.',
  {
    suspend: flag(
      'Stop everything: no sync, no action, no ConductorOne. Nothing is lost; deleted grants wait. Default false.',
      false,
    ),
    credentials,
    workspaces: Type.Optional(
      Type.Array(gid('The gid of a workspace or organization.'), {
        description:
          'The workspaces to read, by gid. Default: every workspace the token sees. With SCIM on exactly one of them must be an organization.',
        minItems: 1,
        maxItems: 100,
        'x-kubernetes-list-type': 'set',
      }),
    ),
    defaultWorkspace: Type.Optional(
      gid(
        'The gid of the workspace new accounts go to; needed by onMissingAccount: Create and by account creation in ConductorOne. Default: none, and no account is created.',
      ),
    ),
    scim,
    sync,
    provisioning,
    conductorOne: Type.Optional(conductorOne),
  },
  {
    rules: [
      {
        rule: "!self.scim.enabled || self.credentials.type == 'ServiceAccount' || has(self.credentials.secretRef.scimTokenKey)",
        message:
          'scim.enabled needs credentials.type ServiceAccount, or credentials.secretRef.scimTokenKey with the token of one: a personal access token cannot use SCIM',
        fieldPath: '.scim.enabled',
        holds: ({ scim, credentials }) =>
          !scim.enabled ||
          credentials.type === 'ServiceAccount' ||
          credentials.secretRef.scimTokenKey !== undefined,
      },
      {
        rule: "!self.provisioning.allowDeprovision || self.credentials.type == 'ServiceAccount'",
        message:
          "provisioning.allowDeprovision needs credentials.type ServiceAccount: with a personal access token a deprovisioned person's work would pass to the owner of the token",
        fieldPath: '.provisioning.allowDeprovision',
        holds: ({ provisioning, credentials }) =>
          !provisioning.allowDeprovision || credentials.type === 'ServiceAccount',
      },
    ],
  },
);

const count = (description: string) =>
  Type.Optional(Type.Integer({ description, minimum: 0, format: 'int64' }));

const status = object('What the operator saw and did. Written by the operator alone.', {
  observedGeneration: count('The generation of the spec this status speaks of.'),
  phase: Type.Optional(
    choice(
      'The conditions in one word: Suspended, Failed, Pending, Syncing, Degraded or Connected.',
      Object.keys(connectorPhases) as ConnectorPhase[],
    ),
  ),
  lastHandledReconcileAt: Type.Optional(
    handledRequest(
      'The last value of the annotation asana-connector.dev/requestedAt that was answered with a sync.',
    ),
  ),
  conditions: Type.Optional(
    conditions(
      'The state by type: Ready, Reconciling, Stalled, CredentialsValid, ScimAvailable, Synced, ConductorOneConnected, RemovalsPaused. The reason of Ready says why, its message what to do.',
    ),
  ),
  organizations: Type.Optional(
    Type.Array(Type.String({ maxLength: 64 }), {
      description:
        'The gids of the organizations read, recorded at the first sync. A token that later reads none of them changes nothing until a person acknowledges it.',
      maxItems: 1000,
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  workspaces: Type.Optional(
    Type.Array(
      object('One workspace in scope.', {
        gid: Type.String({ description: 'Its gid.', maxLength: 64 }),
        name: Type.String({ description: 'Its name.', maxLength: 1024 }),
        organization: Type.Boolean({
          description: 'Whether it is an organization, which has teams and licenses.',
        }),
      }),
      { description: 'The workspaces in scope.', maxItems: 1000, 'x-kubernetes-list-type': 'atomic' },
    ),
  ),
  counts: Type.Optional(
    object('Sizes of the directory and of what was declared.', {
      accounts: count('Active accounts, guests among them.'),
      guests: count('Guests: accounts from outside the organization, without license.'),
      teams: count('Teams.'),
      workspaces: count('Workspaces in scope.'),
      enterpriseLicenses: count('Accounts that hold an enterprise license.'),
      viewOnlyLicenses: count('Accounts that hold a view-only license.'),
      unmanagedEnterpriseLicenses: count('Enterprise licenses that no grant declares.'),
      grants: count('Grants that name this connector.'),
      grantsReady: count('Grants that are Ready.'),
      grantsPlanned: count('Grants with something still to be done.'),
      grantsBlocked: count('Grants that are Stalled: a person must act.'),
    }),
  ),
  sync: Type.Optional(
    object('The last sync.', {
      startedAt: Type.Optional(instant('When it began.')),
      completedAt: Type.Optional(instant('When the last sync that read something ended.')),
      duration: Type.Optional(Type.String({ description: 'How long it took.', maxLength: 32 })),
      requests: count('Requests it sent to Asana.'),
      complete: Type.Optional(
        Type.Boolean({
          description: 'Whether every part of it was read to its end. An incomplete reading removes nobody.',
        }),
      ),
      progress: Type.Optional(
        object('How far a sync has come that somebody waits for; absent otherwise.', {
          phase: Type.String({ description: 'What is being read.', maxLength: 32 }),
          accounts: count('Accounts read so far.'),
          teams: count('Teams read so far.'),
        }),
      ),
    }),
  ),
  removals: Type.Optional(
    object('What counts towards maxRemovals and maxDeprovisions in the window under way.', {
      windowStartedAt: Type.Optional(instant('When the window began.')),
      done: count('Removals done, or begun, in it.'),
      deprovisions: count('Deprovisions among them.'),
      pending: count('Removals waiting.'),
      limit: count('Most removals of the window.'),
      baseline: count('Applied grants when the window began; percent is taken of it.'),
    }),
  ),
  hold: Type.Optional(
    object('Removals that are held until a person acknowledges or discards them; absent without one.', {
      reason: choice('Why they are held.', ['TooManyRemovals', 'DirectoryShrunk', 'OrganizationChanged']),
      since: instant('When the hold began.'),
      token: Type.String({
        description: 'Names this hold in the annotations acknowledge and discard.',
        maxLength: 64,
      }),
      count: Type.Integer({
        description: 'How many removals, or missing accounts, it is about.',
        minimum: 0,
        format: 'int64',
      }),
      pending: Type.Optional(
        Type.Array(
          object('One held removal.', {
            who: Type.String({ description: 'Whose access.', maxLength: 512 }),
            what: Type.String({ description: 'What would be taken.', maxLength: 256 }),
          }),
          { description: 'The first twenty of them.', maxItems: 20, 'x-kubernetes-list-type': 'atomic' },
        ),
      ),
    }),
  ),
  conductorOne: Type.Optional(
    object('The connection with ConductorOne.', {
      connectedAt: Type.Optional(instant('When the connection was made.')),
      lastTaskAt: Type.Optional(instant('When the last task came.')),
      lastUploadAt: Type.Optional(instant('When the last file was uploaded.')),
      lastUploadBytes: count('Size of that file.'),
    }),
  ),
});

export type AsanaConnectorSpec = Static<typeof spec>;
export type AsanaConnectorStatus = Static<typeof status>;
export type AsanaConnector = ObjectOf<AsanaConnectorSpec, AsanaConnectorStatus>;

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

/** AsanaConnector: credentials, workspaces and settings of one connection with Asana. */
export const asanaConnectorKind: KindDefinition = {
  names: asanaConnectors,
  description:
    'One connection with Asana: which credentials, which workspaces, and what the operator may change there. The operator syncs accounts, teams, workspaces and licenses at an interval and reports in the status.',
  spec,
  status,
  selectableFields: [],
  columns: [
    { name: 'Status', type: 'string', jsonPath: '.status.phase', description: 'The conditions in one word.' },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: condition('Ready', 'status'),
      description: 'Whether it works.',
    },
    { name: 'Reason', type: 'string', jsonPath: condition('Ready', 'reason'), description: 'Why.' },
    {
      name: 'Accounts',
      type: 'integer',
      jsonPath: '.status.counts.accounts',
      description: 'Active accounts, guests among them.',
    },
    {
      name: 'Enterprise',
      type: 'integer',
      jsonPath: '.status.counts.enterpriseLicenses',
      description: 'Enterprise licenses in use.',
    },
    {
      name: 'Limit',
      type: 'integer',
      jsonPath: '.spec.provisioning.maxEnterpriseLicenses',
      description: 'Most of them that our actions lead to.',
    },
    {
      name: 'Last Sync',
      type: 'date',
      jsonPath: '.status.sync.completedAt',
      description: 'Time since the last sync.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Time since it was created.',
    },
    {
      name: 'Unmanaged',
      type: 'integer',
      jsonPath: '.status.counts.unmanagedEnterpriseLicenses',
      priority: 1,
      description: 'Enterprise licenses no grant declares.',
    },
    {
      name: 'Grants',
      type: 'integer',
      jsonPath: '.status.counts.grants',
      priority: 1,
      description: 'Grants that name it.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: condition('Ready', 'message'),
      priority: 1,
      description: 'Why, in words.',
    },
  ],
};
