import { type Static, Type } from 'typebox';
import { type ConnectorPhase, connectorPhases } from './condition-types.ts';
import { choice, conditions, count, handledRequest, instant, object } from './schema.ts';

/** Returns the schema for a gid that the operator wrote as Asana returned it, bounded only in length. */
const gid = (description: string) => Type.String({ description, maxLength: 64 });

/** Returns the schema for a number of people or removals; always present. */
const amount = (description: string) => Type.Integer({ description, minimum: 0, format: 'int64' });

const workspaces = Type.Array(
  object('One workspace.', {
    gid: gid('The gid of the workspace.'),
    name: Type.String({ description: 'The name of the workspace.', maxLength: 1024 }),
    organization: Type.Boolean({
      description: 'Whether it is an organization, which has teams and licenses.',
    }),
    leftOut: Type.Optional(
      choice(
        'Why the workspace is not read; absent if it is. Guest: the account of the token is a guest in it. Refused: Asana refuses the token there.',
        ['Guest', 'Refused'],
      ),
    ),
  }),
  {
    description: 'The workspaces that the token sees, or those of spec.workspaces.',
    maxItems: 1000,
    'x-kubernetes-list-type': 'atomic',
  },
);

const measured = (what: string, counted = 'How many there were.') =>
  Type.Optional(
    object(`The last complete reading of the ${what} that is not in doubt.`, {
      at: instant('When it was read.'),
      count: amount(counted),
    }),
  );

const measure = object(
  'What the next reading is compared with. A reading that is suddenly much smaller is held (DirectoryShrunk).',
  {
    scope: Type.Array(gid('The gid of a workspace.'), {
      description: 'The gids of the workspaces that were read.',
      maxItems: 1000,
      'x-kubernetes-list-type': 'atomic',
    }),
    accounts: measured('accounts', 'How many there were with a workspace membership.'),
    licenses: measured('licenses'),
    teams: measured('teams'),
    teamMemberships: measured('team memberships'),
    acceptedShortfall: count(
      'How many missing entries were accepted by acknowledging a ListingShort hold. Asana announced them but did not list them.',
    ),
  },
);

const counts = object('Sizes of the directory, and numbers of grants.', {
  accounts: count('All accounts, including guests and deactivated accounts.'),
  guests: count('Guests: accounts from outside of the organization, which hold no license.'),
  teams: count('Teams.'),
  workspaces: count('Workspaces that are read.'),
  enterpriseLicenses: count('Accounts with an enterprise license.'),
  viewOnlyLicenses: count('Accounts with a view-only license.'),
  unmanagedEnterpriseLicenses: count('Enterprise licenses that no grant declares.'),
  grants: count('Grants of all kinds that name this connector.'),
  grantsReady: count('Grants that are Ready.'),
  grantsPlanned: count('Grants with an action that is still to be done.'),
  grantsBlocked: count('Grants that are Stalled: a person must act.'),
});

const sync = object('The last sync.', {
  startedAt: Type.Optional(instant('When it began.')),
  completedAt: Type.Optional(instant('When the last sync that read something ended.')),
  duration: Type.Optional(Type.String({ description: 'How long it took.', maxLength: 32 })),
  requests: count('Requests that it sent to Asana.'),
  complete: Type.Optional(
    Type.Boolean({
      description: 'Whether every part was read completely. Nobody is removed because of an incomplete part.',
    }),
  ),
  progress: Type.Optional(
    object('How far a sync has come, while the connector is Reconciling; absent otherwise.', {
      phase: Type.String({ description: 'What is being read.', maxLength: 32 }),
      accounts: count('Accounts read so far.'),
      teams: count('Teams read so far.'),
    }),
  ),
});

const removals = object('What counts towards maxRemovals and maxDeprovisions in the current window.', {
  windowStartedAt: Type.Optional(instant('When the window began.')),
  done: count('People who lost access in the window, including removals that have begun.'),
  deprovisions: count('Deprovisions done or begun in the window.'),
  pending: count('People whose removal is pending.'),
  limit: count('People who may lose access in the window.'),
  baseline: count('People with applied grants when the window began, which percent refers to.'),
});

/** Why removals, or a reading, are held. */
const HOLD_REASONS = ['TooManyRemovals', 'DirectoryShrunk', 'OrganizationChanged', 'ListingShort'] as const;

const hold = object('One hold.', {
  reason: choice(
    'Why it began. TooManyRemovals: removals exceed maxRemovals or maxDeprovisions. DirectoryShrunk: a reading is much smaller than the one before. OrganizationChanged: the token no longer reads the organizations that it read before. ListingShort: Asana repeatedly lists fewer entries than it announces.',
    HOLD_REASONS,
  ),
  id: Type.String({
    description: 'The id of the hold.',
    maxLength: 32,
    pattern: '^[a-z0-9]{1,32}$',
  }),
  since: instant('When it began.'),
  token: Type.String({
    description:
      'The value for the annotation asana-connector.dev/acknowledge or discard. It consists of the id of the hold and the number of its last change, and answers what the hold contains now. Removals that are added later require a newer token.',
    maxLength: 42,
    pattern: '^[a-z0-9]{1,32}[.][0-9]{1,9}$',
  }),
  count: amount('How many removals it contains, or how many entries are missing from the reading.'),
  people: amount('How many people are affected.'),
  missing: Type.Optional(
    object(
      'How many entries each part of a reading lacks. If any part lacks more, the hold gets a new token.',
      {
        accounts: count('Missing accounts.'),
        licenses: count('Missing licenses.'),
        teams: count('Missing teams.'),
        teamMemberships: count('Missing team memberships.'),
      },
    ),
  ),
  places: Type.Optional(
    Type.Array(gid('The gid of a workspace or an organization.'), {
      description:
        'The workspaces or organizations that a hold over a reading is about. If other places are missing or read instead, the hold gets a new token.',
      maxItems: 1000,
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  pending: Type.Optional(
    Type.Array(
      object('One removal.', {
        who: Type.String({ description: 'The person who would lose access.', maxLength: 512 }),
        what: Type.String({ description: 'The access that the person would lose.', maxLength: 256 }),
      }),
      {
        description: 'The first 20 removals of the hold.',
        maxItems: 20,
        'x-kubernetes-list-type': 'atomic',
      },
    ),
  ),
});

/** The schema of the status of an AsanaConnector. */
export const connectorStatus = object('What the operator has seen and done. Only the operator writes it.', {
  observedGeneration: count('The generation of the spec that this status describes.'),
  phase: Type.Optional(
    choice(
      'The conditions summed up in one word: Suspended, Failed, Pending, Syncing, Degraded or Connected.',
      Object.keys(connectorPhases) as ConnectorPhase[],
    ),
  ),
  lastHandledReconcileAt: Type.Optional(
    handledRequest(
      'The last value of the annotation asana-connector.dev/requestedAt for which a sync was done.',
    ),
  ),
  conditions: Type.Optional(
    conditions(
      'The state by type: Ready, Reconciling, Stalled, CredentialsValid, ScimAvailable, Synced, ConductorOneConnected, RemovalsPaused. The reason of Ready says why; its message says what to do.',
    ),
  ),
  organizations: Type.Optional(
    Type.Array(gid('The gid of an organization.'), {
      description:
        'The gids of the organizations, recorded at the first sync. If the token later reads none of them, nothing is changed in Asana until a person acknowledges the hold OrganizationChanged.',
      maxItems: 1000,
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  workspaces: Type.Optional(workspaces),
  measure: Type.Optional(measure),
  counts: Type.Optional(counts),
  sync: Type.Optional(sync),
  removals: Type.Optional(removals),
  holds: Type.Optional(
    Type.Array(hold, {
      description:
        'Removals or readings that are stopped until a person answers by annotation, at most one of each reason; absent if there are none.',
      maxItems: HOLD_REASONS.length,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['reason'],
    }),
  ),
  conductorOne: Type.Optional(
    object('The connection to ConductorOne.', {
      connectedAt: Type.Optional(instant('When the connection was made.')),
      lastTaskAt: Type.Optional(instant('When the last task was received.')),
      lastUploadAt: Type.Optional(instant('When the last file was uploaded.')),
      lastUploadBytes: count('Size of that file in bytes.'),
    }),
  ),
});

export type AsanaConnectorStatus = Static<typeof connectorStatus>;

/** One hold of a connector. */
export type ConnectorHold = Static<typeof hold>;
export type HoldReason = ConnectorHold['reason'];
