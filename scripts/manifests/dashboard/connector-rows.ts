import { PercentUnit, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { CONNECTOR, CONNECTOR_NAME, OPERATOR, type RowDeclaration, STEP, SYNC_WINDOW } from './row.ts';

/** What needs attention first, and the state of the connectors. */
export const connectorRows: readonly RowDeclaration[] = [
  {
    title: 'Needs attention',
    panels: [
      {
        shape: 'number',
        title: 'Leaders',
        description: 'Operators that lead. With none, nothing is synced or changed.',
        width: 4,
        bad: { below: 1 },
        queries: [{ expr: `sum(asana_connector_leader{${OPERATOR}})`, name: 'leaders' }],
      },
      {
        shape: 'number',
        title: 'Connectors not ready',
        description: 'Connectors whose condition Ready is not True.',
        width: 4,
        bad: { from: 1 },
        queries: [
          {
            expr: `count(asana_connector_condition{${CONNECTOR}, condition="Ready", status!="True"}) or vector(0)`,
            name: 'not ready',
          },
        ],
      },
      {
        shape: 'number',
        title: 'Connectors that hold removals',
        description: 'Their holds wait for an answer: kubectl asana hold.',
        width: 4,
        bad: { from: 1 },
        queries: [{ expr: `sum(asana_connector_removals_paused{${CONNECTOR}})`, name: 'paused' }],
      },
      {
        shape: 'number',
        title: 'Grants stalled',
        description: 'Grants of every kind that are not tried again before a person changes something.',
        width: 4,
        bad: { from: 1 },
        queries: [{ expr: `sum(asana_connector_grants{${CONNECTOR}, state="Blocked"})`, name: 'stalled' }],
      },
      {
        shape: 'number',
        title: 'Grants that end soon',
        description: 'Within 72 hours or the last tenth of their time. Extend one with kubectl asana extend.',
        width: 4,
        bad: { from: 1 },
        queries: [{ expr: `sum(asana_connector_grants_ending_soon{${CONNECTOR}})`, name: 'end soon' }],
      },
      {
        shape: 'number',
        title: 'Licenses used of the limit',
        description: 'The connector closest to its provisioning.maxEnterpriseLicenses.',
        unit: PercentUnit,
        width: 4,
        bad: { from: 0.9 },
        queries: [
          {
            expr:
              `max(sum by (namespace, connector) (asana_connector_accounts{${CONNECTOR}, license="Enterprise"})` +
              ` / sum by (namespace, connector) (asana_connector_licenses_limit{${CONNECTOR}}))`,
            name: 'used',
          },
        ],
      },
      {
        shape: 'table',
        title: 'Conditions of connectors',
        description:
          'One row for each condition, with its reason. docs/reference/conditions.md explains the reasons.',
        width: 24,
        queries: [
          {
            expr: `max by (namespace, connector, condition, status, reason) (asana_connector_condition{${CONNECTOR}})`,
            name: '',
          },
        ],
      },
    ],
  },
  {
    title: 'Licenses and grants',
    panels: [
      {
        shape: 'lines',
        title: 'Enterprise licenses',
        description: 'Held in Asana, allowed by the limits of the connectors, and declared by no grant.',
        width: 8,
        queries: [
          { expr: `sum(asana_connector_accounts{${CONNECTOR}, license="Enterprise"})`, name: 'held' },
          { expr: `sum(asana_connector_licenses_limit{${CONNECTOR}})`, name: 'limit' },
          { expr: `sum(asana_connector_licenses_unmanaged{${CONNECTOR}})`, name: 'declared by no grant' },
        ],
      },
      {
        shape: 'stack',
        title: 'Accounts by license',
        description: 'All accounts, including guests and deactivated accounts.',
        width: 8,
        queries: [{ expr: `sum by (license) (asana_connector_accounts{${CONNECTOR}})`, name: '{{license}}' }],
      },
      {
        shape: 'lines',
        title: 'Grants by state',
        description: 'Planned ones are also counted in the state that they are in.',
        width: 8,
        queries: [
          {
            expr: `sum by (kind, state) (asana_connector_grants{${CONNECTOR}}) > 0`,
            name: '{{kind}} {{state}}',
          },
        ],
      },
      {
        shape: 'stack',
        title: 'Changes made in Asana',
        description: 'Actions of grants and of tasks, by result.',
        width: 8,
        queries: [
          {
            expr: `sum by (type, result) (increase(asana_connector_actions_total{${CONNECTOR}}[${STEP}]))`,
            name: '{{type}} {{result}}',
          },
        ],
      },
      {
        shape: 'stack',
        title: 'Changes made outside of the operator and reverted',
        description: 'After three set-backs within 24 hours a grant is Contended and stalls.',
        width: 8,
        queries: [
          {
            expr: `sum by (namespace, connector) (increase(asana_connector_drift_total{${CONNECTOR}}[${STEP}]))`,
            name: CONNECTOR_NAME,
          },
        ],
      },
      {
        shape: 'stack',
        title: 'Grants that ended',
        description: 'Grants let go without a change in Asana, by reason, and notices that grants end soon.',
        width: 8,
        queries: [
          {
            expr: `sum by (reason) (increase(asana_connector_releases_total{${OPERATOR}}[${STEP}]))`,
            name: 'released: {{reason}}',
          },
          {
            expr: `sum(increase(asana_connector_expires_soon_total{${CONNECTOR}}[${STEP}]))`,
            name: 'notices of an end',
          },
        ],
      },
    ],
  },
  {
    title: 'Syncs',
    panels: [
      {
        shape: 'lines',
        title: 'Age of the last complete sync',
        description: 'After three intervals nothing is removed or created on what was read.',
        unit: Seconds,
        width: 8,
        queries: [
          {
            expr: `time() - max by (namespace, connector) (asana_connector_sync_last_success_timestamp_seconds{${CONNECTOR}})`,
            name: CONNECTOR_NAME,
          },
          {
            expr: `3 * max by (namespace, connector) (asana_connector_sync_interval_seconds{${CONNECTOR}})`,
            name: `three intervals of ${CONNECTOR_NAME}`,
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Duration of syncs (95 %)',
        description: `Over the last ${SYNC_WINDOW}.`,
        unit: Seconds,
        width: 8,
        queries: [
          {
            expr:
              'histogram_quantile(0.95, sum by (namespace, connector, le) ' +
              `(rate(asana_connector_sync_duration_seconds_bucket{${CONNECTOR}}[${SYNC_WINDOW}])))`,
            name: CONNECTOR_NAME,
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Requests of the last sync',
        description: 'A sync whose last reading was incomplete is shown as such.',
        width: 8,
        queries: [
          {
            expr: `max by (namespace, connector) (asana_connector_sync_requests{${CONNECTOR}})`,
            name: CONNECTOR_NAME,
          },
          {
            expr: `max by (namespace, connector) (asana_connector_sync_requests{${CONNECTOR}} * (1 - asana_connector_sync_complete{${CONNECTOR}}))`,
            name: `incomplete: ${CONNECTOR_NAME}`,
          },
        ],
      },
    ],
  },
];
