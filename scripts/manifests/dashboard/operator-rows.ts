import { BytesIEC, PercentUnit, RequestsPerSecond, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { CONNECTOR, CONNECTOR_NAME, OPERATOR, type RowDeclaration, STEP, SYNC_WINDOW } from './row.ts';

/** The causes: the traffic with Asana and ConductorOne, and the operator itself. */
export const operatorRows: readonly RowDeclaration[] = [
  {
    title: 'Requests to Asana',
    panels: [
      {
        shape: 'stack',
        title: 'Requests by answer',
        description: 'HTTP status, or why there was no answer.',
        unit: RequestsPerSecond,
        width: 6,
        queries: [
          {
            expr: `sum by (code) (rate(asana_connector_asana_requests_total{${OPERATOR}}[${STEP}]))`,
            name: '{{code}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Time to the whole answer (99 %)',
        description: 'By operation.',
        unit: Seconds,
        width: 6,
        queries: [
          {
            expr:
              'histogram_quantile(0.99, sum by (operation, le) ' +
              `(rate(asana_connector_asana_request_duration_seconds_bucket{${OPERATOR}}[${STEP}])))`,
            name: '{{operation}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Requests left in the current minute',
        description: 'What is left of the budget of each token.',
        width: 6,
        queries: [
          {
            expr: `min by (budget) (asana_connector_asana_budget_available{${OPERATOR}})`,
            name: '{{budget}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Time in which requests were held back',
        description:
          'Share of the time in which the budget of a token, or a Retry-After of Asana, let requests wait.',
        unit: PercentUnit,
        width: 6,
        queries: [
          {
            expr: `max by (budget) (rate(asana_connector_asana_throttled_seconds_total{${OPERATOR}}[${STEP}]))`,
            name: '{{budget}}',
          },
        ],
      },
    ],
  },
  {
    title: 'ConductorOne',
    panels: [
      {
        shape: 'lines',
        title: 'Connected',
        description: '1 while ConductorOne responds, otherwise 0.',
        width: 6,
        queries: [
          {
            expr: `min by (namespace, connector) (asana_connector_conductorone_connected{${CONNECTOR}})`,
            name: CONNECTOR_NAME,
          },
        ],
      },
      {
        shape: 'stack',
        title: 'Tasks',
        description: 'By type and by how they ended.',
        width: 6,
        queries: [
          {
            expr: `sum by (type, result) (increase(asana_connector_conductorone_tasks_total{${CONNECTOR}}[${STEP}]))`,
            name: '{{type}} {{result}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Uploaded',
        description: 'Bytes of the c1z files.',
        unit: BytesIEC,
        width: 6,
        queries: [
          {
            expr: `sum by (namespace, connector) (increase(asana_connector_conductorone_upload_bytes_total{${CONNECTOR}}[${STEP}]))`,
            name: CONNECTOR_NAME,
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Duration of uploads (95 %)',
        description: `Over the last ${SYNC_WINDOW}.`,
        unit: Seconds,
        width: 6,
        queries: [
          {
            expr:
              'histogram_quantile(0.95, sum by (namespace, connector, le) ' +
              `(rate(asana_connector_conductorone_upload_duration_seconds_bucket{${CONNECTOR}}[${SYNC_WINDOW}])))`,
            name: CONNECTOR_NAME,
          },
        ],
      },
    ],
  },
  {
    title: 'Operator',
    panels: [
      {
        shape: 'stack',
        title: 'Reconciles',
        description: 'By kind and result.',
        unit: 'ops',
        width: 8,
        queries: [
          {
            expr: `sum by (controller, result) (rate(asana_connector_reconcile_total{${OPERATOR}}[${STEP}]))`,
            name: '{{controller}} {{result}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Failed reconciles',
        description: 'Whether a person must act or they are tried again.',
        unit: 'ops',
        width: 8,
        queries: [
          {
            expr: `sum by (controller) (rate(asana_connector_reconcile_errors_total{${OPERATOR}}[${STEP}]))`,
            name: '{{controller}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Duration of reconciles (99 %)',
        description: 'By kind.',
        unit: Seconds,
        width: 8,
        queries: [
          {
            expr:
              'histogram_quantile(0.99, sum by (controller, le) ' +
              `(rate(asana_connector_reconcile_duration_seconds_bucket{${OPERATOR}}[${STEP}])))`,
            name: '{{controller}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Waiting to be reconciled',
        description: 'Objects in the queue of each kind.',
        width: 8,
        queries: [{ expr: `sum by (name) (asana_connector_workqueue_depth{${OPERATOR}})`, name: '{{name}}' }],
      },
      {
        shape: 'lines',
        title: 'Longest reconcile under way',
        description: 'After ten minutes the process fails its liveness probe.',
        unit: Seconds,
        width: 8,
        queries: [
          {
            expr: `max by (name) (asana_connector_workqueue_longest_running_seconds{${OPERATOR}})`,
            name: '{{name}}',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Silence of the API server',
        description:
          'Time since the last message of the API server about a kind. More than a minute or two is a fault.',
        unit: Seconds,
        width: 8,
        queries: [
          {
            expr: `max by (kind) (asana_connector_watch_last_contact_seconds{${OPERATOR}})`,
            name: '{{kind}}',
          },
          {
            expr: `sum(increase(asana_connector_watch_restarts_total{${OPERATOR}}[${STEP}])) or vector(0)`,
            name: 'watches begun again',
          },
        ],
      },
      {
        shape: 'lines',
        title: 'Memory',
        description: 'Resident memory and the heap in use, by pod or instance.',
        unit: BytesIEC,
        width: 8,
        queries: [
          {
            expr: `asana_connector_process_resident_memory_bytes{${OPERATOR}}`,
            name: 'resident {{instance}}',
          },
          { expr: `asana_connector_nodejs_heap_size_used_bytes{${OPERATOR}}`, name: 'heap {{instance}}' },
        ],
      },
      {
        shape: 'lines',
        title: 'CPU and event loop',
        description: 'Cores in use, and how late the event loop is (99 %).',
        width: 8,
        queries: [
          {
            expr: `rate(asana_connector_process_cpu_seconds_total{${OPERATOR}}[${STEP}])`,
            name: 'cores {{instance}}',
          },
          {
            expr: `asana_connector_nodejs_eventloop_lag_p99_seconds{${OPERATOR}}`,
            name: 'lag in seconds {{instance}}',
          },
        ],
      },
      {
        shape: 'table',
        title: 'Versions',
        description: 'What runs.',
        width: 8,
        queries: [
          { expr: `max by (instance, version, node) (asana_connector_build_info{${OPERATOR}})`, name: '' },
        ],
      },
    ],
  },
];
