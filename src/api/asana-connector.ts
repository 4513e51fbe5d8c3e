import { type Static, Type } from 'typebox';
import { type AsanaConnectorStatus, connectorStatus } from './asana-connector-status.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaConnectors } from './resources.ts';
import {
  choice,
  duration,
  durationBounds,
  email,
  flag,
  gid,
  namespaceOrAll,
  object,
  objectName,
  REMEDY,
  secretKey,
  text,
  whole,
} from './schema.ts';

const credentials = object(
  'The Asana token and its type. The Secret is read from the namespace of the connector.',
  {
    type: choice(
      'The type of the token. ServiceAccount: the token of a service account, which a super admin of the organization creates. PersonalAccessToken: the token of a person. The operator cannot tell the types apart. SCIM, and with it licenses, requires a service account. Default PersonalAccessToken.',
      ['PersonalAccessToken', 'ServiceAccount'],
      'PersonalAccessToken',
    ),
    secretRef: object('The Secret that holds the token. A changed Secret is used within a minute.', {
      name: objectName("Name of a Secret in the connector's namespace."),
      tokenKey: secretKey(
        'Key of the token in the Secret. Default BATON_TOKEN, the key that a baton-asana Deployment uses.',
        'BATON_TOKEN',
      ),
      scimTokenKey: Type.Optional(
        secretKey(
          'Key of a second token in the same Secret that is used only for SCIM, for example of a service account that is limited to user provisioning. Default: the token of tokenKey is used for SCIM too.',
        ),
      ),
    }),
  },
);

/** Returns the schema for a userType. It is ASCII, so that CEL's lowerAscii() and the directory ignore case alike. */
const userType = (description: string, fallback: string) =>
  text(
    description,
    {
      minLength: 1,
      maxLength: 64,
      pattern: '^[!-~]+( [!-~]+)*$',
      [REMEDY]: 'must consist of one or more ASCII words, without leading or trailing spaces',
    },
    fallback,
  );

const scim = object(
  'How licenses are read and changed over the SCIM API of Asana. SCIM requires an Enterprise plan and serves one organization.',
  {
    enabled: flag(
      'Read and manage licenses over SCIM. Requires credentials.type ServiceAccount, or a scimTokenKey. Default false.',
      false,
    ),
    userTypes: object(
      'The values of the SCIM attribute userType that stand for the two licenses. Case is ignored. Change them only if your organization uses other values.',
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
            message: 'enterprise and viewOnly must be different',
            holds: ({ enterprise, viewOnly }) => enterprise.toLowerCase() !== viewOnly.toLowerCase(),
          },
        ],
      },
    ),
  },
  { default: {} },
);

const sync = object(
  'How often the directory is read from Asana. One sync serves all grants of the connector: the number of requests does not depend on the number of grants.',
  {
    interval: duration(
      'Time between two syncs, from 1m to 720h. It is varied by 5 % so that connectors do not sync at the same moment. Default 1h.',
      '1h',
    ),
    teamInterval: Type.Optional(
      duration(
        'Time between two readings of the team memberships, which take one request or more for each team; from 1m to 720h. They are read as part of a sync: with a value shorter than interval, every sync reads them. Default: the value of interval.',
      ),
    ),
  },
  {
    default: {},
    rules: [durationBounds('interval', '1m', '720h'), durationBounds('teamInterval', '1m', '720h')],
  },
);

const maxRemovals = object(
  'Maximum number of people who may lose access in one window through grants of this connector. If the removals that are done and pending exceed the larger of percent and atLeast, all pending removals are held (condition RemovalsPaused, status.holds) until a person answers with the annotation acknowledge or discard. The same applies if two or more people would lose their last right and nobody with a right would be left. Granting continues. Default: 20 percent, at least 5, in 1h.',
  {
    percent: whole(
      'Limit as a share of the people with applied grants at the start of the window, in percent, 0 to 100. Default 20.',
      { minimum: 0, maximum: 100 },
      20,
    ),
    atLeast: whole(
      'Limit in people, for connectors with few grants, 0 to 100000. With 0 here and in percent every removal is held. Default 5.',
      { minimum: 0, maximum: 100_000 },
      5,
    ),
    window: duration('Length of the window, from 1m to 720h. Default 1h.', '1h'),
  },
  { default: {}, rules: [durationBounds('window', '1m', '720h')] },
);

const provisioning = object(
  'What grants may change in Asana. Tasks from ConductorOne are switched on with conductorOne.provision.',
  {
    mode: choice(
      'Whether grants are carried out. Plan: the operator decides and reports what it would do, and changes nothing in Asana. Apply: it carries the grants out. Default Plan.',
      ['Plan', 'Apply'],
      'Plan',
    ),
    allowDeprovision: flag(
      'Allow the operator to remove accounts from the organization, and people from a workspace (deprovision). This cannot be undone through the API. Requires credentials.type ServiceAccount: with a personal access token Asana would assign the work of the person to the owner of the token. Default false.',
      false,
    ),
    allowedNamespaces: Type.Optional(
      Type.Array(namespaceOrAll('A namespace, or "*" for all namespaces.'), {
        description:
          'Other namespaces whose grants may use this connector; "*" allows all. A grant from another namespace revokes only access that it granted, and never deprovisions. Default: only the connector\'s own namespace.',
        maxItems: 100,
        'x-kubernetes-list-type': 'set',
      }),
    ),
    protectedUsers: Type.Optional(
      Type.Array(email('An email address in lower case.'), {
        description:
          'Email addresses, in lower case, of people whose access is never reduced. The account that owns the token is always protected. Default: nobody else.',
        maxItems: 1000,
        'x-kubernetes-list-type': 'set',
      }),
    ),
    protectAdmins: flag('Never reduce the access of Asana admins. Default true.', true),
    maxEnterpriseLicenses: Type.Optional(
      whole(
        'Maximum number of enterprise licenses in the organization. When it is reached, the operator grants no more. Lowering the value does not revoke licenses. Default: no limit.',
        { minimum: 0, maximum: 10_000_000 },
      ),
    ),
    removalDelay: duration(
      'How long a removal waits after the grant was deleted, changed or expired, from 0s to 720h. A grant that is renamed or moved within that time removes nothing. Default 1m.',
      '1m',
    ),
    maxRemovals,
    maxDeprovisions: whole(
      'Maximum number of deprovisions in the organization in one window of maxRemovals, including those for ConductorOne; 0 to 100000. Default 5.',
      { minimum: 0, maximum: 100_000 },
      5,
    ),
    maxDuration: Type.Optional(
      duration(
        'Maximum time that a grant may last, from 1m to 87600h. A grant that has no end, that has deletionPolicy Retain, or that lasts longer than this is Stalled with reason DurationTooLong. Access that it already holds stays. AsanaAccounts with ensure Absent are exempt. Default: no limit.',
      ),
    ),
  },
  {
    default: {},
    rules: [durationBounds('removalDelay', '0s', '720h'), durationBounds('maxDuration', '1m', '87600h')],
  },
);

const conductorOne = object(
  'Service mode: the operator keeps a connection to ConductorOne, and syncs, uploads and carries out tasks when ConductorOne requests it. Omit this field to run without ConductorOne.',
  {
    secretRef: object('The Secret that holds the client credentials of ConductorOne.', {
      name: objectName("Name of a Secret in the connector's namespace."),
      clientIdKey: secretKey(
        'Key of the client ID in the Secret. Default BATON_CLIENT_ID.',
        'BATON_CLIENT_ID',
      ),
      clientSecretKey: secretKey(
        'Key of the client secret in the Secret. Default BATON_CLIENT_SECRET.',
        'BATON_CLIENT_SECRET',
      ),
    }),
    provision: flag(
      'Carry out the grant, revoke and create-account tasks of ConductorOne. This does not depend on provisioning.mode, which applies to grants only. Default false.',
      false,
    ),
  },
);

const spec = object(
  'What to read from Asana, with which credentials, and what may be changed there.',
  {
    suspend: flag(
      'Stop all work: no syncs, no changes in Asana, no connection to ConductorOne. Grants keep what they hold, and deleted grants wait until the connector is resumed. Default false.',
      false,
    ),
    credentials,
    workspaces: Type.Optional(
      Type.Array(gid('The gid of a workspace or an organization, in quotes.'), {
        description:
          'The gids of the workspaces and organizations to read. With SCIM exactly one of them must be an organization. Default: every workspace that the account of the token is a member of. A workspace in which the account is a guest is read only if it is listed here.',
        minItems: 1,
        maxItems: 100,
        'x-kubernetes-list-type': 'set',
      }),
    ),
    defaultWorkspace: Type.Optional(
      gid(
        'The gid, in quotes, of the workspace in which new accounts are created: those of AsanaAccounts without a workspace and of ConductorOne. onMissingAccount Create requires it, too. Default: none, and such accounts are not created.',
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
          'scim.enabled requires credentials.type ServiceAccount, or credentials.secretRef.scimTokenKey with the token of a service account: a personal access token cannot use SCIM',
        fieldPath: '.scim.enabled',
        holds: ({ scim, credentials }) =>
          !scim.enabled ||
          credentials.type === 'ServiceAccount' ||
          credentials.secretRef.scimTokenKey !== undefined,
      },
      {
        rule: "!self.provisioning.allowDeprovision || self.credentials.type == 'ServiceAccount'",
        message:
          "provisioning.allowDeprovision requires credentials.type ServiceAccount: with a personal access token a deprovisioned person's work would pass to the owner of the token",
        fieldPath: '.provisioning.allowDeprovision',
        holds: ({ provisioning, credentials }) =>
          !provisioning.allowDeprovision || credentials.type === 'ServiceAccount',
      },
    ],
  },
);

export type AsanaConnectorSpec = Static<typeof spec>;
export type { AsanaConnectorStatus };
export type AsanaConnector = ObjectOf<AsanaConnectorSpec, AsanaConnectorStatus>;

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

/** AsanaConnector: credentials, workspaces and settings of one connection with Asana. */
export const asanaConnectorKind: KindDefinition<'AsanaConnector'> = {
  names: asanaConnectors,
  description:
    'A connection to Asana: its credentials, its workspaces, and what the operator may change there. The operator reads accounts, teams, workspaces and licenses at an interval and reports the result in the status.',
  spec,
  status: connectorStatus,
  selectableFields: [
    '.spec.suspend',
    '.spec.credentials.type',
    '.spec.credentials.secretRef.name',
    '.spec.provisioning.mode',
    '.spec.conductorOne.secretRef.name',
  ],
  columns: [
    {
      name: 'Status',
      type: 'string',
      jsonPath: '.status.phase',
      description: 'The conditions summed up in one word.',
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: condition('Ready', 'status'),
      description: 'Whether the connector works.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: condition('Ready', 'reason'),
      description: 'The reason of Ready.',
    },
    {
      name: 'Accounts',
      type: 'integer',
      jsonPath: '.status.counts.accounts',
      description: 'All accounts, including guests and deactivated accounts.',
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
      description: 'Maximum number of enterprise licenses.',
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
      description: 'Time since the object was created.',
    },
    {
      name: 'Unmanaged',
      type: 'integer',
      jsonPath: '.status.counts.unmanagedEnterpriseLicenses',
      priority: 1,
      description: 'Enterprise licenses that no grant declares.',
    },
    {
      name: 'Grants',
      type: 'integer',
      jsonPath: '.status.counts.grants',
      priority: 1,
      description: 'Grants that name this connector.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: condition('Ready', 'message'),
      priority: 1,
      description: 'The message of Ready.',
    },
  ],
};
