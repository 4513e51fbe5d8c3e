/** The text of an alert that people read, and the labels by which it is routed. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
}

/** A series of samples, one per minute, and the alerts that must follow. */
export interface AlertCase {
  readonly alert: string;
  /** Ends the sentence "fires …" or "stays quiet …". */
  readonly when: string;
  /** Samples by series in promtool's notation, one per minute. */
  readonly series: Readonly<Record<string, string>>;
  /** The time of the check. */
  readonly at: string;
  /** An earlier time at which the alert must not fire yet, since the alert must ignore short problems. */
  readonly notYetAt?: string;
  /** The expected alerts; empty if the alert must not fire. */
  readonly fires: readonly FiringAlert[];
}

const TARGET = 'job="asana-connector-metrics",instance="10.0.0.1:8080"';
const STANDBY = 'job="asana-connector-metrics",instance="10.0.0.2:8080"';
const OPERATOR = `namespace="operators",${TARGET}`;
const ACME = `namespace="iga",connector="acme",${TARGET}`;
const BETA = `namespace="iga",connector="beta",${TARGET}`;

const QUIET: readonly FiringAlert[] = [];
const of = { job: 'asana-connector-metrics', namespace: 'operators' };
const acme = { namespace: 'iga', connector: 'acme' };

function condition(connector: string, type: string, status: string, reason: string): string {
  return `asana_connector_condition{${connector},condition="${type}",status="${status}",reason="${reason}"}`;
}

const SUSPENDED = condition(ACME, 'Ready', 'True', 'Suspended');
const STALLED = condition(ACME, 'Stalled', 'True', 'CredentialsRejected');
const REJECTED = condition(ACME, 'CredentialsValid', 'False', 'CredentialsRejected');

const leader: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorNoLeader',
    when: 'when all replicas wait for the lease',
    series: {
      [`asana_connector_leader{${OPERATOR}}`]: '0+0x10',
      [`asana_connector_leader{namespace="operators",${STANDBY}}`]: '0+0x10',
    },
    notYetAt: '4m',
    at: '6m',
    fires: [
      {
        labels: { ...of, severity: 'critical' },
        summary: 'No asana-connector operator is leading.',
        description:
          'No operator holds the lease, or none is running or scraped. Until one leads, nothing is synced, granted or revoked, and ConductorOne gets no answer.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorNoLeader',
    when: 'when no operator is scraped any more',
    series: { [`asana_connector_leader{${OPERATOR}}`]: '1+0x5 stale' },
    at: '13m',
    fires: [
      {
        labels: { severity: 'critical' },
        summary: 'No asana-connector operator is leading.',
        description:
          'No operator holds the lease, or none is running or scraped. Until one leads, nothing is synced, granted or revoked, and ConductorOne gets no answer.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorNoLeader',
    when: 'while one replica leads and the other stands by',
    series: {
      [`asana_connector_leader{${OPERATOR}}`]: '1+0x10',
      [`asana_connector_leader{namespace="operators",${STANDBY}}`]: '0+0x10',
    },
    at: '10m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorNoLeader',
    when: 'when another replica takes over within three minutes',
    series: { [`asana_connector_leader{${OPERATOR}}`]: '1 0 0 0 1+0x10' },
    at: '6m',
    fires: QUIET,
  },
];

const watches: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorWatchSilent',
    when: 'when the API server sends nothing about a kind, even if the process restarts because of it',
    series: {
      [`asana_connector_watch_last_contact_seconds{kind="AsanaTeamGrant",${OPERATOR}}`]:
        '30 60 120 180 240 300 0 60',
      [`asana_connector_watch_last_contact_seconds{kind="AsanaAccount",${OPERATOR}}`]:
        '30 40 50 20 30 10 0 60',
    },
    at: '7m',
    fires: [
      {
        labels: { ...of, kind: 'AsanaTeamGrant', severity: 'critical' },
        summary: 'The operator receives nothing about AsanaTeamGrant from the API server.',
        description:
          'The watch of AsanaTeamGrant was silent for 5m 0s. Changes to these objects are not seen, so they are not applied.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorWatchSilent',
    when: 'while bookmarks arrive, even if one reconnection is slow',
    series: {
      [`asana_connector_watch_last_contact_seconds{kind="AsanaTeamGrant",${OPERATOR}}`]:
        '60 20 60 120 180 10 50 30',
    },
    at: '7m',
    fires: QUIET,
  },
];

const credentials: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorCredentialsRejected',
    when: 'for a connector whose token Asana rejects',
    series: {
      [REJECTED]: '1+0x10',
      [condition(BETA, 'CredentialsValid', 'True', 'Accepted')]: '1+0x10',
    },
    notYetAt: '4m',
    at: '6m',
    fires: [
      {
        labels: { ...acme, reason: 'CredentialsRejected', severity: 'critical' },
        summary: 'The Asana credentials of iga/acme do not work.',
        description:
          'CredentialsValid is False with reason CredentialsRejected. This connector reads and changes nothing in Asana until its Secret holds a token that Asana accepts.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorCredentialsRejected',
    when: 'when the token is replaced within five minutes',
    series: {
      [REJECTED]: '1+0x3 stale',
      [condition(ACME, 'CredentialsValid', 'True', 'Accepted')]: '_x4 1+0x10',
    },
    at: '6m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorCredentialsRejected',
    when: 'for a suspended connector',
    series: { [REJECTED]: '1+0x10', [SUSPENDED]: '1+0x10' },
    at: '6m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorStalled',
    when: 'when a person must act for a reason other than credentials',
    series: {
      [condition(ACME, 'Stalled', 'True', 'OrganizationTaken')]: '1+0x20',
      [condition(ACME, 'CredentialsValid', 'True', 'Accepted')]: '1+0x20',
    },
    notYetAt: '14m',
    at: '16m',
    fires: [
      {
        labels: { ...acme, reason: 'OrganizationTaken', severity: 'warning' },
        summary: 'The connector iga/acme is stalled.',
        description:
          'Stalled is True with reason OrganizationTaken. None of its grants is applied or revoked until somebody changes what the message of the condition names.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorStalled',
    when: 'when the credentials are rejected, which has its own alert',
    series: { [STALLED]: '1+0x20', [REJECTED]: '1+0x20' },
    at: '16m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorStalled',
    when: 'while a connector runs its first sync',
    series: { [condition(ACME, 'Reconciling', 'True', 'Syncing')]: '1+0x20' },
    at: '16m',
    fires: QUIET,
  },
];

const NOT_SYNCED = condition(ACME, 'Synced', 'False', 'AsanaUnavailable');
const LAST_SYNC = `asana_connector_sync_last_success_timestamp_seconds{${ACME}}`;
const INTERVAL = `asana_connector_sync_interval_seconds{${ACME}}`;

const syncs: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorNotSynced',
    when: 'when syncs have failed for an hour',
    series: { [NOT_SYNCED]: '1+0x70', [condition(BETA, 'Synced', 'True', 'Synced')]: '1+0x70' },
    notYetAt: '59m',
    at: '61m',
    fires: [
      {
        labels: { ...acme, reason: 'AsanaUnavailable', severity: 'warning' },
        summary: 'The syncs of iga/acme fail or stay incomplete.',
        description:
          'Synced has not been True for an hour, with reason AsanaUnavailable. Data that was not read completely is not used for removals, creations or uploads.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorNotSynced',
    when: 'when the first sync has not ended for an hour',
    series: { [condition(ACME, 'Synced', 'Unknown', 'Pending')]: '1+0x70' },
    notYetAt: '59m',
    at: '61m',
    fires: [
      {
        labels: { ...acme, reason: 'Pending', severity: 'warning' },
        summary: 'The syncs of iga/acme fail or stay incomplete.',
        description:
          'Synced has not been True for an hour, with reason Pending. Data that was not read completely is not used for removals, creations or uploads.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorNotSynced',
    when: 'when one sync fails and the next succeeds',
    series: { [NOT_SYNCED]: '1+0x40 stale', [condition(ACME, 'Synced', 'True', 'Synced')]: '_x41 1+0x30' },
    at: '61m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorNotSynced',
    when: 'for a stalled or suspended connector',
    series: {
      [NOT_SYNCED]: '1+0x70',
      [STALLED]: '1+0x70',
      [condition(BETA, 'Synced', 'False', 'AsanaUnavailable')]: '1+0x70',
      [condition(BETA, 'Ready', 'True', 'Suspended')]: '1+0x70',
    },
    at: '61m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorSyncStale',
    when: 'when the last complete sync is more than three intervals ago',
    series: { [LAST_SYNC]: '0+0x240', [INTERVAL]: '3600+0x240' },
    notYetAt: '185m',
    at: '186m',
    fires: [
      {
        labels: { ...acme, severity: 'warning' },
        summary: 'The connector iga/acme has not completed a sync for 3h 6m 0s.',
        description:
          'That is more than three times its sync.interval. A reading of this age is not used for removals, creations or uploads.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorSyncStale',
    when: 'while the last complete sync is within one interval, however long that is',
    series: { [LAST_SYNC]: '0+0x240', [INTERVAL]: '86400+0x240' },
    at: '240m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorSyncStale',
    when: 'during a short outage of a connector that syncs every minute',
    series: { [LAST_SYNC]: '0+0x25', [INTERVAL]: '60+0x25' },
    at: '25m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorSyncStale',
    when: 'for a stalled connector, and for a suspended one, which has no interval',
    series: {
      [LAST_SYNC]: '0+0x240',
      [`asana_connector_sync_last_success_timestamp_seconds{${BETA}}`]: '0+0x240',
      [`asana_connector_sync_interval_seconds{${BETA}}`]: '3600+0x240',
      [condition(BETA, 'Stalled', 'True', 'SecretNotFound')]: '1+0x240',
    },
    at: '240m',
    fires: QUIET,
  },
];

const holds: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorRemovalsPaused',
    when: 'while a hold waits for an answer',
    series: { [condition(ACME, 'RemovalsPaused', 'True', 'TooManyRemovals')]: '1+0x10' },
    notYetAt: '4m',
    at: '6m',
    fires: [
      {
        labels: { ...acme, reason: 'TooManyRemovals', severity: 'warning' },
        summary: 'The connector iga/acme holds removals until a person answers.',
        description:
          'RemovalsPaused is True with reason TooManyRemovals. No access is removed until the hold is answered. Access is still granted, unless the reason is OrganizationChanged.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorRemovalsPaused',
    when: 'when the hold is answered or ends within five minutes',
    series: { [condition(ACME, 'RemovalsPaused', 'True', 'DirectoryShrunk')]: '1+0x3 stale' },
    at: '6m',
    fires: QUIET,
  },
];

function grants(state: string): string {
  return `asana_connector_grants{${ACME},kind="AsanaLicenseGrant",state="${state}"}`;
}

const ENDING = `asana_connector_grants_ending_soon{${ACME},kind="AsanaTeamGrant"}`;

const grantCases: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorGrantsStalled',
    when: 'for a kind with stalled grants',
    series: {
      [grants('Blocked')]: '3+0x20',
      [`asana_connector_grants{${ACME},kind="AsanaAccount",state="Blocked"}`]: '0+0x20',
    },
    notYetAt: '14m',
    at: '16m',
    fires: [
      {
        labels: { ...acme, kind: 'AsanaLicenseGrant', severity: 'warning' },
        summary: 'Objects of kind AsanaLicenseGrant for iga/acme are stalled.',
        description:
          '3 of them are not carried out, and are not retried until somebody changes what their messages name.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorGrantsStalled',
    when: 'while grants wait, are planned or are ready',
    series: {
      [grants('Blocked')]: '0+0x20',
      [grants('Other')]: '4+0x20',
      [grants('Planned')]: '2+0x20',
      [grants('Ready')]: '90+0x20',
    },
    at: '16m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorGrantsEndSoon',
    when: 'when grants end soon, even if the operator restarts in between',
    series: { [ENDING]: '2+0x30 stale _x3 2+0x60' },
    notYetAt: '94m',
    at: '100m',
    fires: [
      {
        labels: { ...acme, kind: 'AsanaTeamGrant', severity: 'info' },
        summary: 'Objects of kind AsanaTeamGrant for iga/acme end soon.',
        description:
          '2 of them end within 72 hours or the last tenth of their time. Unless they are extended, their access is then revoked.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorGrantsEndSoon',
    when: 'for a grant of a few hours, and when no grant ends soon',
    series: { [ENDING]: '0 0 1+0x40 0+0x60' },
    at: '100m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorLicenseLimitNear',
    when: 'at 90 % of the limit',
    series: {
      [`asana_connector_accounts{${ACME},license="Enterprise"}`]: '225+0x20',
      [`asana_connector_licenses_limit{${ACME}}`]: '250+0x20',
    },
    notYetAt: '14m',
    at: '16m',
    fires: [
      {
        labels: { ...acme, severity: 'warning' },
        summary: 'The connector iga/acme is near its limit of enterprise licenses.',
        description:
          '225 accounts hold an enterprise license, which is 90 % or more of provisioning.maxEnterpriseLicenses. Grants and tasks above the limit are not carried out.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorLicenseLimitNear',
    when: 'below 90 % of the limit, without a limit, and with a limit of 0',
    series: {
      [`asana_connector_accounts{${ACME},license="Enterprise"}`]: '224+0x20',
      [`asana_connector_accounts{${ACME},license="ViewOnly"}`]: '900+0x20',
      [`asana_connector_licenses_limit{${ACME}}`]: '250+0x20',
      [`asana_connector_accounts{${BETA},license="Enterprise"}`]: '3+0x20',
      [`asana_connector_licenses_limit{${BETA}}`]: '0+0x20',
      [`asana_connector_accounts{namespace="hr",connector="none",${TARGET},license="Enterprise"}`]: '9+0x20',
    },
    at: '16m',
    fires: QUIET,
  },
];

const THROTTLED = `asana_connector_asana_throttled_seconds_total{${OPERATOR},budget="1a2b3c4d"}`;
const AVAILABLE = `asana_connector_asana_budget_available{${OPERATOR},budget="1a2b3c4d"}`;
const throttled: FiringAlert = {
  labels: { ...of, budget: '1a2b3c4d', severity: 'warning' },
  summary: 'Requests to Asana are held back most of the time.',
  description:
    'The token with the budget 1a2b3c4d has been at its request limit for half an hour or longer, or Asana asks for a pause. Syncs and changes take longer, or wait.',
};

const traffic: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorThrottled',
    when: 'when requests are held back for 45 seconds of every minute',
    series: { [THROTTLED]: '0+45x60', [AVAILABLE]: '10 0 '.repeat(30).trim() },
    notYetAt: '29m',
    at: '50m',
    fires: [throttled],
  },
  {
    alert: 'AsanaConnectorThrottled',
    when: 'when Asana requires a pause that is too long to wait for',
    series: { [THROTTLED]: '0+0x60', [AVAILABLE]: '0+0x60' },
    at: '50m',
    fires: [throttled],
  },
  {
    alert: 'AsanaConnectorThrottled',
    when: 'while requests are held back for a third of the time',
    series: { [THROTTLED]: '0+20x60', [AVAILABLE]: '10 0 '.repeat(30).trim() },
    at: '50m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorThrottled',
    when: 'without a request limit',
    series: { [THROTTLED]: '0+0x60', [AVAILABLE]: 'Inf+0x60' },
    at: '50m',
    fires: QUIET,
  },
  {
    alert: 'AsanaConnectorConductorOneDisconnected',
    when: 'when ConductorOne has not answered for a quarter of an hour',
    series: {
      [condition(ACME, 'ConductorOneConnected', 'False', 'Disconnected')]: '1+0x20',
      [condition(BETA, 'ConductorOneConnected', 'True', 'Connected')]: '1+0x20',
    },
    notYetAt: '14m',
    at: '16m',
    fires: [
      {
        labels: { ...acme, reason: 'Disconnected', severity: 'warning' },
        summary: 'The connector iga/acme is not connected to ConductorOne.',
        description:
          'ConductorOneConnected is False with reason Disconnected. ConductorOne gets no uploads, and its requests are not carried out. Syncs and declared grants continue.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorConductorOneDisconnected',
    when: 'while the connector is suspended, or connects for the first time',
    series: {
      [condition(ACME, 'ConductorOneConnected', 'Unknown', 'Suspended')]: '1+0x20',
      [condition(BETA, 'ConductorOneConnected', 'Unknown', 'NotChecked')]: '1+0x20',
    },
    at: '16m',
    fires: QUIET,
  },
];

const AUDIT = `asana_connector_audit_failures_total{${OPERATOR}`;

const audit: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorAuditFileFailing',
    when: 'when the first line cannot be written to the file',
    series: { [`${AUDIT},outcome="Delayed"}`]: '0 0 1+0x10', [`${AUDIT},outcome="Lost"}`]: '0+0x12' },
    at: '5m',
    fires: [
      {
        labels: { ...of, outcome: 'Delayed', severity: 'warning' },
        summary: 'The operator cannot write its audit file.',
        description:
          'Audit lines were not written to --audit-log-path when they were due (Delayed). Delayed lines are written once the file can be; Lost lines are on standard output only.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorAuditFileFailing',
    when: 'while every line is written, even after a failure an hour ago',
    series: { [`${AUDIT},outcome="Delayed"}`]: '0 4+0x70', [`${AUDIT},outcome="Lost"}`]: '0+0x70' },
    at: '61m',
    fires: QUIET,
  },
];

const REFUSED = `asana_connector_series_refused_total{${OPERATOR}`;

const series: readonly AlertCase[] = [
  {
    alert: 'AsanaConnectorSeriesRefused',
    when: 'when the first series is dropped',
    series: { [`${REFUSED},metric="asana_connector_grants"}`]: '_ _ 3+0x10' },
    notYetAt: '1m',
    at: '3m',
    fires: [
      {
        labels: { ...of, metric: 'asana_connector_grants', severity: 'warning' },
        summary: 'The metric asana_connector_grants has too many series.',
        description:
          'New series of asana_connector_grants have been dropped since the operator started. Dashboards and alerts do not show their connectors.',
      },
    ],
  },
  {
    alert: 'AsanaConnectorSeriesRefused',
    when: 'after the operator is restarted',
    series: { [`${REFUSED},metric="asana_connector_grants"}`]: '3+0x5 stale' },
    at: '20m',
    fires: QUIET,
  },
];

export const alertCases: readonly AlertCase[] = [
  ...leader,
  ...watches,
  ...credentials,
  ...syncs,
  ...holds,
  ...grantCases,
  ...traffic,
  ...audit,
  ...series,
];
