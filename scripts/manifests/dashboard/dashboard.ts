import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { connectorRows } from './connector-rows.ts';
import { operatorRows } from './operator-rows.ts';
import { buildPanel, DATA_SOURCE } from './panel.ts';

/** Returns the Grafana dashboard as the JSON that Grafana imports. */
export function dashboardFile(): string {
  const dashboard = new DashboardBuilder('Asana connector')
    .uid('asana-connector')
    .description('What the asana-connector operator reads, changes and needs a person for.')
    .tags(['asana', 'conductorone', 'kubernetes'])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(choice('job', 'Job', 'label_values(asana_connector_leader, job)'))
    .withVariable(
      choice('namespace', 'Namespace', 'label_values(asana_connector_condition{job=~"$job"}, namespace)'),
    )
    .withVariable(
      choice(
        'connector',
        'Connector',
        'label_values(asana_connector_condition{job=~"$job", namespace=~"$namespace"}, connector)',
      ),
    );
  let id = 0;
  for (const { title, panels } of [...connectorRows, ...operatorRows]) {
    dashboard.withRow(new RowBuilder(title).id((id += 1)));
    for (const panel of panels) dashboard.withPanel(buildPanel(panel, (id += 1)));
  }
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}

/** Returns a variable that selects any number of values of a label; initially all. */
function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' });
}
