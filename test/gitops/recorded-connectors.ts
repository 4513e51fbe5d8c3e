import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { ConnectorReason } from '../../src/api/reasons.ts';
import { AsanaError } from '../../src/asana/errors.ts';
import { type ConductorOneCode, ConductorOneError } from '../../src/conductorone/errors.ts';
import type { ConnectorFacts } from '../../src/controllers/connectors/connector-facts.ts';
import { connectorStatus } from '../../src/controllers/connectors/connector-status.ts';
import type { RunningSync, SyncReport } from '../../src/controllers/connectors/sync-runner.ts';
import { DirectoryError } from '../../src/directory/directory-error.ts';
import type { HoldRecord } from '../../src/provisioning/removals/record.ts';
import { snapshotOf } from '../controllers/connectors/readings.ts';
import { connectorObject } from '../controllers/objects.ts';
import type { Recorded } from './recorded.ts';

const NOW = Date.parse('2026-11-24T08:00:00Z');
const ok = { ok: true } as const;
const snapshot = snapshotOf(1);
const report: SyncReport = {
  startedAt: NOW - 5_000,
  completedAt: NOW,
  result: { snapshot, rest: ok, scim: ok },
  error: null,
  requests: 4,
};
const running: RunningSync = {
  startedAt: NOW,
  cause: { generation: 1, requestedAt: null, secretVersion: '' },
  progress: { phase: 'Accounts', accounts: 10, teams: 0 },
  answering: true,
};
const serviceMode = {
  conductorOne: {
    secretRef: { name: 'asana', clientIdKey: 'BATON_CLIENT_ID', clientSecretKey: 'BATON_CLIENT_SECRET' },
    provision: false,
  },
};
const service = {
  connected: false,
  connectedAt: null,
  lastTaskAt: null,
  lastUploadAt: null,
  lastUploadBytes: null,
  error: null,
};

type Changes = Partial<ConnectorFacts>;

/** Returns a connector with the status that the operator writes if everything works except for `changes`. */
function connector(changes: Changes = {}): AsanaConnector {
  const facts: ConnectorFacts = {
    object: connectorObject(),
    obstacle: null,
    secretUnreadable: null,
    hasClients: true,
    tokensUnproven: false,
    running: null,
    report,
    snapshot,
    counts: { accounts: 1, guests: 0, teams: 0, workspaces: 1, enterpriseLicenses: 0, viewOnlyLicenses: 1 },
    tally: { kinds: new Map(), managedEnterpriseLicenses: 0 },
    organizations: ['500'],
    measure: null,
    removals: {},
    doubts: [],
    conductorOne: null,
    handledRequest: null,
    ...changes,
  };
  return { ...facts.object, status: connectorStatus(facts, NOW) };
}

const unread: Changes = { report: null, snapshot: null, counts: null };

function obstacle(reason: ConnectorReason): AsanaConnector {
  return connector({ ...unread, obstacle: { reason, message: `What the operator says of ${reason}.` } });
}

function withScim(error: AsanaError | DirectoryError): AsanaConnector {
  return connector({ report: { ...report, result: { snapshot, rest: ok, scim: { ok: false, error } } } });
}

function held(reason: HoldRecord['reason']): AsanaConnector {
  const hold: HoldRecord = {
    reason,
    id: '3acbbfd3',
    since: '2026-11-24T07:00:00Z',
    token: '3acbbfd3.2',
    count: 7,
    people: 5,
  };
  return connector({ removals: { holds: [hold] } });
}

function linked(conductorOne: ConnectorFacts['conductorOne']): AsanaConnector {
  return connector({ object: connectorObject({ spec: serviceMode }), conductorOne });
}

function linkFailed(code: ConductorOneCode): AsanaConnector {
  const error = new ConductorOneError(code, `What the operator says of ${code}.`);
  return linked({ obstacle: null, service: { ...service, error } });
}

const cutShort = {
  ...snapshot,
  parts: {
    ...snapshot.parts,
    accounts: { ...snapshot.parts.accounts, complete: false, incompleteBecause: 'page 3 failed' },
  },
};
const outage = new AsanaError('AsanaUnavailable', 'Asana did not answer.', { surface: 'rest' });
const scimOnly = {
  ok: false,
  error: new DirectoryError('ScimOnly', 'SCIM takes the token, REST does not.'),
} as const;

type Row = readonly [type: string, argo: Recorded['argo'], flux: Recorded['flux'], object: AsanaConnector];

const failed = (reason: ConnectorReason): Row => ['Ready', 'Degraded', 'Failed', obstacle(reason)];

/** For each reason, a condition that shows it and the expected health. */
const BY_REASON: Readonly<Record<ConnectorReason, Row>> = {
  Synced: ['Synced', 'Healthy', 'Current', connector()],
  ScimOnly: [
    'Ready',
    'Healthy',
    'Current',
    connector({
      report: { ...report, result: { snapshot: { ...snapshot, scimOnly: true }, rest: scimOnly, scim: ok } },
    }),
  ],
  Accepted: ['CredentialsValid', 'Healthy', 'Current', connector()],
  Available: ['ScimAvailable', 'Healthy', 'Current', connector()],
  Connected: [
    'ConductorOneConnected',
    'Healthy',
    'Current',
    linked({ obstacle: null, service: { ...service, connected: true, connectedAt: NOW } }),
  ],
  Pending: ['Ready', 'Progressing', 'InProgress', connector(unread)],
  Syncing: ['Ready', 'Progressing', 'InProgress', connector({ ...unread, running })],
  Degraded: ['Ready', 'Degraded', 'Current', linkFailed('Disconnected')],
  Suspended: [
    'Ready',
    'Suspended',
    'Current',
    connector({ object: connectorObject({ spec: { suspend: true } }) }),
  ],
  NotChecked: ['ConductorOneConnected', 'Healthy', 'Current', linked(null)],
  AsanaRefused: failed('AsanaRefused'),
  SecretNotFound: failed('SecretNotFound'),
  SecretKeyMissing: failed('SecretKeyMissing'),
  SecretUnreadable: [
    'Ready',
    'Progressing',
    'InProgress',
    connector({
      ...unread,
      hasClients: false,
      secretUnreadable: { reason: 'SecretUnreadable', message: 'Secret "asana" cannot be read.' },
    }),
  ],
  CredentialsRejected: failed('CredentialsRejected'),
  PermissionDenied: failed('PermissionDenied'),
  PlanRefused: failed('PlanRefused'),
  WorkspaceNotFound: failed('WorkspaceNotFound'),
  WorkspaceNotSet: failed('WorkspaceNotSet'),
  AmbiguousOrganization: failed('AmbiguousOrganization'),
  OrganizationChanged: ['RemovalsPaused', 'Suspended', 'Current', held('OrganizationChanged')],
  OrganizationTaken: failed('OrganizationTaken'),
  HostNotAllowed: ['ConductorOneConnected', 'Degraded', 'Current', linkFailed('HostNotAllowed')],
  LicensesUnavailable: [
    'ScimAvailable',
    'Degraded',
    'Current',
    withScim(new DirectoryError('LicensesUnavailable', 'No user has a userType.')),
  ],
  SyncIncomplete: [
    'Synced',
    'Degraded',
    'Current',
    connector({ report: { ...report, result: { snapshot: cutShort, rest: ok, scim: ok } } }),
  ],
  AsanaUnavailable: [
    'Ready',
    'Progressing',
    'InProgress',
    connector({ ...unread, report: { ...report, error: outage, result: null } }),
  ],
  TooManyRemovals: ['RemovalsPaused', 'Suspended', 'Current', held('TooManyRemovals')],
  DirectoryShrunk: ['RemovalsPaused', 'Suspended', 'Current', held('DirectoryShrunk')],
  ListingShort: ['RemovalsPaused', 'Suspended', 'Current', held('ListingShort')],
  Disconnected: ['ConductorOneConnected', 'Degraded', 'Current', linkFailed('Disconnected')],
  ConductorOneRefused: ['ConductorOneConnected', 'Degraded', 'Current', linkFailed('ConductorOneRefused')],
  ClockSkew: ['ConductorOneConnected', 'Degraded', 'Current', linkFailed('ClockSkew')],
};

export const connectorsByReason: readonly Recorded[] = Object.entries(BY_REASON).map(
  ([reason, [type, argo, flux, object]]) => ({
    name: `AsanaConnector: ${reason}`,
    shows: { type, reason },
    argo,
    flux,
    object,
  }),
);

const worksInPart = withScim(new AsanaError('Forbidden', 'No SCIM.', { surface: 'scim' }));
const edited = connector();
const heldInPart: AsanaConnector = connector({
  removals: { holds: held('TooManyRemovals').status?.holds as HoldRecord[] },
  report: { ...report, result: { snapshot: cutShort, rest: ok, scim: ok } },
});

/** Connectors whose health does not follow from a reason alone. */
export const connectorsInTime: readonly Recorded[] = [
  { name: 'AsanaConnector: rejected only by SCIM', argo: 'Degraded', flux: 'Current', object: worksInPart },
  {
    name: 'AsanaConnector: OrganizationChanged without a reading',
    argo: 'Degraded',
    flux: 'Failed',
    object: obstacle('OrganizationChanged'),
  },
  {
    name: 'AsanaConnector: runs a requested sync after its first sync',
    argo: 'Progressing',
    flux: 'InProgress',
    object: connector({ running }),
  },
  {
    name: 'AsanaConnector: runs a scheduled sync',
    argo: 'Healthy',
    flux: 'Current',
    object: connector({ running: { ...running, answering: false } }),
  },
  {
    name: 'AsanaConnector: edited and not yet reconciled',
    argo: 'Progressing',
    flux: 'InProgress',
    object: { ...edited, metadata: { ...edited.metadata, generation: 2 } },
  },
  {
    name: 'AsanaConnector: a hold and an incomplete reading',
    argo: 'Degraded',
    flux: 'Current',
    object: heldInPart,
  },
];

/** A connector without a status. */
export const connectorUnseen: AsanaConnector = connectorObject();

/** Returns a connector with holds of these reasons. */
export function connectorWithHolds(...reasons: readonly HoldRecord['reason'][]): AsanaConnector {
  const holds = reasons.flatMap((reason) => (held(reason).status?.holds ?? []) as HoldRecord[]);
  return connector({ removals: { holds } });
}
